import Foundation

/// What Volley ships in `weights/`: a small model and the questions it was never trained on.
///
/// Found from where the program lies, never from where it is started: a checkout holds both.
struct Embedded {
    static let modelName = "volley-5m"

    private let weights: URL

    /// - Throws: `EmbeddedError` where no directory above the program holds `weights/` with the model.
    init(program: URL = Self.program) throws(EmbeddedError) {
        var directory = program.deletingLastPathComponent()
        while directory.path != "/" {
            let weights = directory.appending(path: "weights")
            let manifest = weights.appending(path: "\(Self.modelName)/manifest.json")
            if FileManager.default.fileExists(atPath: manifest.path) {
                self.weights = weights
                return
            }
            directory.deleteLastPathComponent()
        }
        throw .noModel(program: program.path)
    }

    /// The model's native checkpoint.
    var model: String { weights.appending(path: Self.modelName).path }

    /// The held-out questions, one file a task, by name.
    var tasks: [String] {
        let directory = weights.appending(path: "eval")
        let names = (try? FileManager.default.contentsOfDirectory(atPath: directory.path)) ?? []
        return names.filter { $0.hasSuffix(".jsonl") }.sorted().map { directory.appending(path: $0).path }
    }

    private static var program: URL {
        (Bundle.main.executableURL ?? URL(fileURLWithPath: CommandLine.arguments[0])).resolvingSymlinksInPath()
    }
}
