import ArgumentParser
import Volley

/// The argument of `--mtd`: `off`, a factor, or `auto`.
enum MTDChoice: ExpressibleByArgument {
    case vanilla
    case factor(Int)
    case fastest

    var isFastest: Bool {
        if case .fastest = self { true } else { false }
    }

    init?(argument: String) {
        switch argument {
        case "auto": self = .fastest
        case "off": self = .vanilla
        default:
            guard let factor = Int(argument), MultiTokenPlan.factors.contains(factor) else { return nil }
            self = .factor(factor)
        }
    }
}
