import ArgumentParser
import Measuring
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

    @OptionGroup var rule: RuleOptions

    @Option(
        help: ArgumentHelp(
            "A decode plan by name: \(PlanKind.help).", valueName: "name[:argument]"))
    var plan: PlanName?

    @OptionGroup var calibration: CalibrationOptions

    func validate() throws {
        if mtd != nil, plan != nil { throw ValidationError("give --mtd or --plan, not both") }
    }

    /// The plan for this model; says on standard error what `auto` chose, and warns where the model was not trained for it.
    func resolve(for model: Model, options: SessionOptions) throws -> any DecodePlan {
        let stack = model.stack
        let request: PlanRequest
        switch mtd {
        case .fastest:
            let calibration = try FactorCalibration(
                stack, rule: stack.configuration.rule(replacing: rule.overrides), options: options)
            StandardError.write("volley: \(calibration.reason)\n")
            request = calibration.choice
        case .factor(let factor): request = factor
        case nil: request = plan?.request ?? .automatic
        }
        let plan = try model.plan(
            for: request, rule: rule.overrides, calibration: calibration.text(), options: options)
        if let warning = plan.warning(for: stack.configuration) { StandardError.write("volley: \(warning)\n") }
        return plan
    }
}

/// What `shortgpt` and `laco` choose by.
struct CalibrationOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "A text by which shortgpt and laco choose their layers (default: a short one in English).",
            valueName: "file"))
    var calibration: String?

    /// Nil for the default.
    func text() throws -> String? { try calibration.map { try TextInput.file($0) } }
}

extension DecodePlan {
    /// As a command line asks for it.
    var option: String { PlanLabel(self).option }
}

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
