import ArgumentParser
import Volley

/// How tokens are decoded.
struct PlanOptions: ParsableArguments {
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Tokens per trunk pass: off (vanilla) or 1 to 16 (default: the checkpoint's, else off).",
            valueName: "off|n"))
    var mtd: MTDFactor?

    @Option(
        help: ArgumentHelp(
            "Where cycles are counted from: prompt or absolute (default: the checkpoint's).", valueName: "phase"))
    var phase: CyclePhase?

    @Option(
        help: ArgumentHelp("A decode plan by name: off, or mtd:N (the same as --mtd N).", valueName: "name[:argument]"))
    var plan: PlanName?

    func validate() throws {
        if mtd != nil, plan != nil { throw ValidationError("give --mtd or --plan, not both") }
    }

    /// The plan for this model; warns on standard error where the model was not trained for it.
    func resolve(for configuration: ModelConfiguration) throws -> any DecodePlan {
        let request = plan?.request ?? mtd?.request ?? .automatic
        let plan = try configuration.plan(for: request, phase: phase)
        if let warning = configuration.warning(for: plan) { StandardError.write("volley: \(warning)\n") }
        return plan
    }
}

extension CyclePhase: ExpressibleByArgument {}

/// `off` or a factor.
struct MTDFactor: ExpressibleByArgument {
    let request: PlanRequest

    init?(argument: String) {
        guard let request = try? PlanRequest(factor: argument) else { return nil }
        self.request = request
    }
}

/// `NAME[:ARGUMENT]`.
struct PlanName: ExpressibleByArgument {
    let request: PlanRequest

    init?(argument: String) {
        guard let request = try? PlanRequest(plan: argument) else { return nil }
        self.request = request
    }
}
