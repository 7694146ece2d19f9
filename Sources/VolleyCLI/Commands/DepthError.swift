/// Why a depth map would show nothing.
enum DepthError: Error, CustomStringConvertible {
    case nothingSkipped(plan: String)

    var description: String {
        switch self {
        case .nothingSkipped(let plan):
            "every token runs every layer with --plan \(plan); give a model with routed layers, or another --plan"
        }
    }
}
