/// The placeholder for a large file in a Git clone without LFS.
package enum LFSPointer {
    private static let start = Array("version https://git-lfs.github.com/spec/".utf8)
    /// Upper bound on a pointer's size (https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md).
    private static let byteLimit = 1024

    /// - Throws: `CheckpointError.unsupported` if `bytes` are such a pointer.
    static func refuse(_ bytes: UnsafeRawBufferPointer, path: String) throws(CheckpointError) {
        guard bytes.count < byteLimit, bytes.starts(with: start) else { return }
        throw .unsupported(
            path: path, place: "the whole file", problem: "is a Git LFS pointer, not the file itself",
            remedy: "run git lfs pull in its directory, or download the file")
    }

    /// Refuses LFS pointers among a tokenizer's files.
    package static func refuse(inTokenizerDirectory directory: String) throws(CheckpointError) {
        for name in ["tokenizer.json", "tokenizer_config.json", "tokenizer.model"] {
            let path = joinedPath(directory, name)
            if PathKind(path) == .file { _ = try MappedFile(path: path) }
        }
    }
}
