import ArgumentParser

/// Whether a model that can think does so, and for how many tokens.
enum ThinkChoice: ExpressibleByArgument {
    case off
    case on
    case tokens(Int)

    init?(argument: String) {
        switch argument {
        case "off": self = .off
        case "on": self = .on
        default:
            guard let count = Int(argument), count > 0 else { return nil }
            self = .tokens(count)
        }
    }

    var isOn: Bool { if case .off = self { false } else { true } }

    /// Maximum number of tokens of reasoning; nil for no limit.
    var budget: Int? { if case .tokens(let count) = self { count } else { nil } }
}
