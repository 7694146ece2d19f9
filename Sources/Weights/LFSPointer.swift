/// The small text that a Git clone without LFS has in place of a large file.
package enum LFSPointer {
    private static let start = Array("version https://git-lfs.github.com/spec/".utf8)
    /// Pointers are shorter (https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md).
    private static let byteLimit = 1024

    /// - Throws: `CheckpointError.unsupported` where a file of these bytes is such a pointer.
    static func refuse(_ bytes: UnsafeRawBufferPointer, path: String) throws(CheckpointError) {
        guard bytes.count < byteLimit, bytes.starts(with: start) else { return }
        throw .unsupported(
            path: path, place: "the whole file", problem: "is a Git LFS pointer, not the file that it stands for",
            remedy: "run git lfs pull in its directory, or download the file")
    }

    /// The same for the files of a tokenizer, which others read.
    package static func refuse(inTokenizerDirectory directory: String) throws(CheckpointError) {
        for name in ["tokenizer.json", "tokenizer_config.json", "tokenizer.model"] {
            let path = joinedPath(directory, name)
            if PathKind(path) == .file { _ = try MappedFile(path: path) }
        }
    }
}
