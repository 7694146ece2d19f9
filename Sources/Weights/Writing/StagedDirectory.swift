import CLinux
import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// A directory written next to its destination and renamed into place atomically once complete.
///
/// Until `commit`, the destination stays unchanged, whatever happens. The leftovers of a killed process are removed by
/// the next one that writes to the same destination.
final class StagedDirectory {
    /// The path to write to.
    let path: String
    private let destination: String
    private var isCommitted = false

    /// - Parameter mayReplace: returns whether the existing directory at a path may be replaced.
    /// - Throws: `CheckpointError.unwritable` if the destination holds something else or cannot be written.
    init(for destination: String, mayReplace: (String) -> Bool) throws(CheckpointError) {
        // Resolve links, so that the link stays and its target is replaced.
        let url = URL(fileURLWithPath: destination).standardizedFileURL.resolvingSymlinksInPath()
        self.destination = url.path
        let parent = url.deletingLastPathComponent().path
        let prefix = ".\(url.lastPathComponent).partial-"
        path = joinedPath(parent, prefix + "\(getpid())")
        guard Self.isFree(self.destination) || mayReplace(self.destination) else {
            throw .unwritable(path: destination, reason: "something else is there, and it is not replaced")
        }
        Self.removeLeftovers(in: parent, prefix: prefix)
        guard mkdir(path, 0o755) == 0 else {
            throw .unwritable(path: destination, reason: String(cString: strerror(errno)))
        }
    }

    deinit { if !isCommitted { try? FileManager.default.removeItem(atPath: path) } }

    /// Moves the directory to its destination and removes the previous one.
    func commit() throws(CheckpointError) {
        if rename(path, destination) != 0 {
            // The destination is a non-empty directory: exchange the two names atomically.
            guard exchange(path, destination) == 0 else {
                throw .unwritable(path: destination, reason: String(cString: strerror(errno)))
            }
            try? FileManager.default.removeItem(atPath: path)
        }
        isCommitted = true
    }

    /// Whether nothing exists at the path, or an empty directory.
    private static func isFree(_ path: String) -> Bool {
        switch PathKind(path) {
        case .nothing: true
        case .file: false
        case .directory: (try? FileManager.default.contentsOfDirectory(atPath: path))?.isEmpty == true
        }
    }

    private func exchange(_ first: String, _ second: String) -> Int32 {
        #if os(Linux)
            renameat2(AT_FDCWD, first, AT_FDCWD, second, 2)  // RENAME_EXCHANGE
        #else
            renamex_np(first, second, UInt32(RENAME_SWAP))
        #endif
    }

    /// Removes the leftovers of processes that no longer run.
    private static func removeLeftovers(in parent: String, prefix: String) {
        for name in (try? FileManager.default.contentsOfDirectory(atPath: parent)) ?? [] where name.hasPrefix(prefix) {
            guard let process = Int32(name.dropFirst(prefix.count)), process > 0 else { continue }
            if process == getpid() || (kill(process, 0) != 0 && errno == ESRCH) {
                try? FileManager.default.removeItem(atPath: joinedPath(parent, name))
            }
        }
    }
}
