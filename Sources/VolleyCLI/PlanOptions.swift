import ArgumentParser
import Volley

/// How tokens are decoded.
struct PlanOptions: ParsableArguments {
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            """
            Tokens per trunk pass: off (vanilla), 1 to 16, or auto, the fastest here of those that the model was trained \
            for (default: the checkpoint's, else off).
            """, valueName: "off|n|auto"))
    var mtd: MTDChoice?

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

    /// The plan for this model; says on standard error what `auto` chose, and warns where the model was not trained for it.
    func resolve(for stack: LayerStack, options: SessionOptions) throws -> any DecodePlan {
        let request: PlanRequest
        switch mtd {
        case .fastest:
            let calibration = FactorCalibration(stack, options: options)
            StandardError.write("volley: \(calibration.reason)\n")
            request = calibration.choice
        case .factor(let factor): request = factor
        case nil: request = plan?.request ?? .automatic
        }
        let plan = try stack.configuration.plan(for: request, phase: phase)
        if let warning = stack.configuration.warning(for: plan) { StandardError.write("volley: \(warning)\n") }
        return plan
    }
}

extension CyclePhase: ExpressibleByArgument {}

/// `off`, a factor, or `auto`.
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

/// `NAME[:ARGUMENT]`.
struct PlanName: ExpressibleByArgument {
    let request: PlanRequest

    init?(argument: String) {
        guard let request = try? PlanRequest(plan: argument) else { return nil }
        self.request = request
    }
}
