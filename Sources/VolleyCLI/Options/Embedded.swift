import Foundation

/// The contents of `weights/`: a small model, and questions that it was not trained on.
///
/// Every folder above the program is searched, from the nearest up, for `weights/` and, as `make install` writes it,
/// `share/volley/weights/`. The current directory does not matter.
struct Embedded {
    static let modelName = "volley-5m"

    private let weights: URL

    /// - Throws: `EmbeddedError` if no folder above the program contains `weights/` with the model.
    init(program: URL = Self.program) throws(EmbeddedError) {
        var directory = program.deletingLastPathComponent()
        while directory.path != "/" {
            for name in ["weights", "share/volley/weights"] {
                let weights = directory.appending(path: name)
                let manifest = weights.appending(path: "\(Self.modelName)/manifest.json")
                if FileManager.default.fileExists(atPath: manifest.path) {
                    self.weights = weights
                    return
                }
            }
            directory.deleteLastPathComponent()
        }
        throw .noModel(program: program.path)
    }

    /// The model's native checkpoint.
    var model: String { weights.appending(path: Self.modelName).path }

    /// The files of held-out questions, one per task, sorted by name.
    var tasks: [String] {
        let directory = weights.appending(path: "eval")
        let names = (try? FileManager.default.contentsOfDirectory(atPath: directory.path)) ?? []
        return names.filter { $0.hasSuffix(".jsonl") }.sorted().map { directory.appending(path: $0).path }
    }

    private static var program: URL {
        (Bundle.main.executableURL ?? URL(fileURLWithPath: CommandLine.arguments[0])).resolvingSymlinksInPath()
    }
}
