import Foundation
import Tensors

/// What a prompt cache holds, for people to see.
extension CacheDirectory {
    /// The chunks of one text: those whose last chunk no other continues.
    package struct Prompt {
        package let modelName: String
        /// What the keys and values depend on, one phrase each.
        package let context: [String]
        package let tokenCount: Int
        /// Bytes of its chunks, those that it shares with other prompts included.
        package let byteCount: Int
        package let lastUse: Date
    }

    /// The whole cache.
    package struct Contents {
        /// The most recently used first.
        package let prompts: [Prompt]
        package let chunkCount: Int
        package let byteCount: Int
    }

    /// Reads the heads of all chunks.
    ///
    /// - Throws: `PromptCacheError.unusable` if the directory cannot be read.
    package func contents() throws(PromptCacheError) -> Contents {
        let entries = try chunks()
        let prefixes = entries.compactMap { entry in
            ChunkFile.header(of: path(of: entry.name)).map { (entry, $0.prefix) }
        }
        let sizes = Dictionary(entries.map { ($0.name, $0.byteCount) }) { first, _ in first }
        let continued = Set(prefixes.map { $0.1.before?.fileName })
        let prompts = prefixes.filter { !continued.contains($0.0.name) }.map { entry, prefix in
            var byteCount = 0
            for part in sequence(first: prefix, next: \.before) { byteCount += sizes[part.fileName] ?? 0 }
            return Prompt(
                modelName: prefix.context.modelName, context: prefix.context.fields, tokenCount: prefix.tokens.count,
                byteCount: byteCount, lastUse: entry.lastUse)
        }
        return Contents(
            prompts: prompts.sorted { $0.lastUse > $1.lastUse }, chunkCount: entries.count,
            byteCount: entries.reduce(0) { $0 + $1.byteCount })
    }

    /// Checks every byte of every chunk. Generations check what they use, too, and remove what is damaged.
    ///
    /// - Parameter found: called with each chunk's path, and its problem if it has one.
    /// - Throws: `PromptCacheError.unusable` if the directory cannot be read.
    package func verify(_ found: (_ path: String, _ problem: String?) -> Void) throws(PromptCacheError) {
        for entry in try chunks() { found(path(of: entry.name), problem(of: entry)) }
    }

    private func problem(of entry: Entry) -> String? {
        guard let bytes = bytes(of: entry.name, limit: .max) else { return "it cannot be read" }
        return bytes.withUnsafeBytes { bytes in
            var content = AlignedBuffer<UInt8>(count: 0)
            return ChunkFile.problem(bytes) { header in
                // LZ4 makes at most 255 bytes of one.
                guard header.prefix.fileName == entry.name, (0...bytes.count).contains(header.byteCount / 256) else {
                    return nil
                }
                content = AlignedBuffer(unfilledCount: header.byteCount)
                return UnsafeMutableRawBufferPointer(start: content.pointer, count: content.count)
            }
        }
    }
}

extension ChunkPrefix {
    /// The prefix that ends with the chunk before; nil for the first.
    fileprivate var before: ChunkPrefix? {
        guard start > 0 else { return nil }
        let length = tokens.count - start
        return ChunkPrefix(
            context: context, start: start - length, tokens: Array(tokens[..<start]), fed: Array(fed[..<start]))
    }
}
