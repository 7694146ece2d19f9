import ArgumentParser
import Volley

/// The argument of `--plan`: `NAME[:ARGUMENT]`.
struct PlanName: ExpressibleByArgument {
    let request: PlanRequest

    init?(argument: String) {
        guard let request = try? PlanRequest(plan: argument) else { return nil }
        self.request = request
    }
}
