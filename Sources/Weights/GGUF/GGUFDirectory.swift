import Foundation

/// Finds the GGUF model in a directory, such as a downloaded repository.
enum GGUFDirectory {
    /// The only GGUF model in a directory without safetensors; nil if there is no GGUF file.
    ///
    /// - Throws: `CheckpointError.unsupported` naming the files if there are several models.
    static func model(in directory: String) throws(CheckpointError) -> String? {
        guard PathKind(joinedPath(directory, "model.safetensors")) == .nothing,
            PathKind(joinedPath(directory, SafetensorsIndex.fileName)) == .nothing
        else { return nil }
        let names = ((try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []).sorted()
        // mmproj files hold an image projector, not a language model.
        let files = names.filter { $0.lowercased().hasSuffix(".gguf") && !$0.hasPrefix("mmproj") }
        let models = files.filter(isFirstPart)
        guard models.count < 2 else {
            let list = models.prefix(8).joined(separator: ", ") + (models.count > 8 ? ", …" : "")
            throw .unsupported(
                path: directory, place: "the directory", problem: "holds \(models.count) GGUF models: \(list)",
                remedy: "give the path of one of them")
        }
        return models.first.map { joinedPath(directory, $0) }
    }

    /// Whether the file is unsplit, or the first part of a split one (`-00001-of-00003.gguf`).
    private static func isFirstPart(_ name: String) -> Bool {
        guard let part = name.wholeMatch(of: /.*-(\d{5})-of-\d{5}\.gguf/) else { return true }
        return part.1 == "00001"
    }
}
