import ArgumentParser
import Volley

/// The argument of `--mtd`: `off`, a factor, or `auto`.
enum MTDChoice: ExpressibleByArgument {
    case factor(PlanRequest)
    case fastest

    init?(argument: String) {
        if argument == "auto" {
            self = .fastest
        } else if let request = try? PlanRequest(factor: argument) {
            self = .factor(request)
        } else {
            return nil
        }
    }
}
