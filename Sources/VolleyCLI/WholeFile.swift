import Foundation

/// Files that are written at once: to a temporary name first, so that there is never half of one.
enum WholeFile {
    /// - Throws: `StreamError.unwritable`.
    static func write(_ data: Data, to path: String) throws {
        do {
            try data.write(to: URL(fileURLWithPath: path), options: .atomic)
        } catch {
            throw StreamError.unwritable(path: path, reason: error.localizedDescription)
        }
    }
}
