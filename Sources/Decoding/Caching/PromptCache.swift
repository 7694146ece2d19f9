import Foundation
import Synchronization

/// A directory of prompts that have been read: the keys and values of their prefixes, for sessions and processes to reuse.
///
/// A generation takes the longest prefix that the directory holds, computes the rest, and adds it. What comes back is bit for bit what
/// would have been computed. Anything that does not match, or is damaged, is computed anew. Several processes can share a directory.
///
/// Prefixes are held in chunks: of 128 tokens with quantised weights, of a whole pass of up to 512 with float weights, because OpenBLAS
/// rounds differently for each number of rows. Plans that skip layers do not use the cache, nor do texts longer than a window.
public final class PromptCache: Sendable {
    /// The directory.
    public let path: String
    /// Maximum size of its files in bytes; the least recently used are removed first.
    public let byteLimit: Int
    private let report: @Sendable (String) -> Void
    private let hasReported = Atomic(false)

    /// 8 GiB.
    public static let defaultByteLimit = 8 << 30

    /// Makes the directory if there is none. Only its owner can read it.
    ///
    /// - Parameter report: called with a sentence if a chunk cannot be written, at most once. The generation goes on.
    /// - Throws: `PromptCacheError.unusable`.
    public init(
        _ path: String, byteLimit: Int = PromptCache.defaultByteLimit,
        report: @escaping @Sendable (String) -> Void = { _ in }
    ) throws(PromptCacheError) {
        (self.path, self.byteLimit, self.report) = (path, max(0, byteLimit), report)
        do {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            var isDirectory: ObjCBool = false
            let exists = FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory)
            throw .unusable(
                path: path, reason: exists && !isDirectory.boolValue ? "is not a directory" : "cannot be made")
        }
    }

    func note(_ problem: SessionFileError) {
        guard !hasReported.exchange(true, ordering: .relaxed) else { return }
        report("the prompt cache is not updated: \(problem)")
    }
}

extension PromptCache: Equatable {
    public static func == (left: PromptCache, right: PromptCache) -> Bool {
        (left.path, left.byteLimit) == (right.path, right.byteLimit)
    }
}

/// A prompt cache that cannot be used, in one sentence.
public enum PromptCacheError: Error, Equatable, CustomStringConvertible, LocalizedError {
    /// The directory is none, or cannot be made or read.
    case unusable(path: String, reason: String)

    public var description: String {
        switch self {
        case .unusable(let path, let reason): "\(path): \(reason); give a directory that prompts can be kept in"
        }
    }

    /// The same sentence as `description`.
    public var errorDescription: String? { description }
}
