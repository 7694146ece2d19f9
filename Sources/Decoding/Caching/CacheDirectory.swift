import Foundation

/// The files of a prompt cache. Other processes may add and remove files at any time; files never change.
package struct CacheDirectory {
    private let path: String
    private var files: FileManager { .default }

    package init(_ path: String) { self.path = path }

    /// A file of the cache.
    struct Entry {
        let name: String
        let byteCount: Int
        let lastUse: Date
    }

    /// The chunks.
    ///
    /// - Throws: `PromptCacheError.unusable` if the directory cannot be read.
    func chunks() throws(PromptCacheError) -> [Entry] { try entries(Self.isChunk) }

    func path(of name: String) -> String { path + "/" + name }

    func contains(_ name: String) -> Bool { files.fileExists(atPath: path(of: name)) }

    /// The whole file; nil if it cannot be read, or is larger than `limit` bytes.
    func bytes(of name: String, limit: Int) -> Data? {
        let size = (try? files.attributesOfItem(atPath: path(of: name)))?[.size] as? Int
        guard let size, size <= limit else { return nil }
        return try? Data(contentsOf: URL(fileURLWithPath: path(of: name)))
    }

    func remove(_ name: String) { try? files.removeItem(atPath: path(of: name)) }

    /// Notes the use of chunks that follow each other. The first is noted last: it must outlive those that are of no use without it.
    func touch(_ names: [String]) {
        let now = Date()
        for (index, name) in names.reversed().enumerated() {
            let date = now.addingTimeInterval(Double(index) * 1e-5)
            try? files.setAttributes([.modificationDate: date], ofItemAtPath: path(of: name))
        }
    }

    /// Removes the least recently used chunks until the others take at most `byteLimit` bytes, and what a killed process left behind.
    func evict(byteLimit: Int) {
        guard let chunks = try? chunks().sorted(by: { $0.lastUse < $1.lastUse }) else { return }
        var byteCount = chunks.reduce(0) { $0 + $1.byteCount }
        for chunk in chunks {
            guard byteCount > byteLimit else { break }
            remove(chunk.name)
            byteCount -= chunk.byteCount
        }
        let abandoned = Date().addingTimeInterval(-3600)
        guard let partial = try? entries(Self.isPartial) else { return }
        for file in partial where file.lastUse < abandoned { remove(file.name) }
    }

    /// Removes every chunk, and every file that is not complete. Other files stay.
    ///
    /// - Returns: the number of chunks and their bytes.
    package func clear() throws(PromptCacheError) -> (count: Int, byteCount: Int) {
        let chunks = try chunks()
        for file in chunks + (try entries(Self.isPartial)) { remove(file.name) }
        return (chunks.count, chunks.reduce(0) { $0 + $1.byteCount })
    }

    private func entries(_ belongs: (String) -> Bool) throws(PromptCacheError) -> [Entry] {
        guard let names = try? files.contentsOfDirectory(atPath: path) else {
            throw .unusable(path: path, reason: "cannot be read as a directory")
        }
        return names.filter(belongs).compactMap { name in
            guard let attributes = try? files.attributesOfItem(atPath: path(of: name)),
                let size = attributes[.size] as? Int, let date = attributes[.modificationDate] as? Date
            else { return nil }
            return Entry(name: name, byteCount: size, lastUse: date)
        }
    }

    private static func isChunk(_ name: String) -> Bool {
        name.hasSuffix(ChunkFile.suffix) && name.utf8.count == 32 + ChunkFile.suffix.utf8.count
            && name.utf8.prefix(32).allSatisfy { (48...57).contains($0) || (97...102).contains($0) }
    }

    private static func isPartial(_ name: String) -> Bool {
        name.hasPrefix(".") && name.contains(ChunkFile.suffix + ".partial-")
    }
}
