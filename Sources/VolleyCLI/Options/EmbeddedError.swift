/// Why the embedded model cannot be used.
enum EmbeddedError: Error, CustomStringConvertible {
    case noModel(program: String)

    var description: String {
        switch self {
        case .noModel(let program):
            "no model: --model is not given, and the embedded one is not above \(program); give --model, or run the program where it was built"
        }
    }
}
