import ArgumentParser
import Measuring
import Volley

/// How tokens are decoded.
struct PlanOptions: ParsableArguments {
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            """
            Tokens per trunk pass: off (vanilla), 1 to 16, or auto, the factor that is fastest on this machine of those that \
            the model was trained for, or --plan auto if it was trained for none (default: the checkpoint's, else off).
            """, valueName: "off|n|auto"))
    var mtd: MTDChoice?

    @Flag(help: "Verify the cycles of --mtd N: the text is vanilla's, as with --plan verified:N.")
    var verify = false

    @OptionGroup var rule: RuleOptions

    @Option(
        help: ArgumentHelp(
            "A decode plan by name: \(PlanKind.help).", valueName: "name[:argument]"))
    var plan: PlanName?

    @OptionGroup var drafts: DraftOptions

    @OptionGroup var calibration: CalibrationOptions

    func validate() throws {
        if mtd != nil, plan != nil { throw ValidationError("give --mtd or --plan, not both") }
        if drafts.request != nil, !takesDrafts {
            throw ValidationError("--draft is a plan of its own; leave it out, or --mtd and --plan, or give --mtd auto")
        }
        guard verify else { return }
        guard case .factor = mtd else {
            throw ValidationError("--verify verifies cycles; give --mtd with a factor from 2 to 16 beside it")
        }
    }

    /// Whether the chosen plan may take the drafts of `--draft`.
    private var takesDrafts: Bool {
        if let mtd { return mtd.isFastest }
        return plan.map { $0.request.isDrafted || $0.request.description == PlanRequest.fastestLossless.description }
            ?? true
    }

    /// The plan for this model. Prints to standard error which factor `auto` chose, and a warning if the model was not trained for
    /// the plan.
    func resolve(for model: Model, options: SessionOptions) throws -> any DecodePlan {
        let stack = model.stack
        let request: PlanRequest
        switch mtd {
        case .fastest:
            let calibration = try FactorCalibration(
                stack, rule: stack.configuration.rule(replacing: rule.overrides), options: options)
            StandardError.write("volley: \(calibration.reason)\n")
            request = calibration.choice
        case .vanilla: request = .vanilla
        case .factor(let factor): request = verify ? .verified(factor) : .multiToken(factor)
        case nil: request = plan?.request ?? drafts.request ?? .automatic
        }
        let plan = try model.plan(
            for: request, rule: rule.overrides, calibration: calibration.text(), options: options)
        if let warning = plan.warning(for: stack.configuration) { StandardError.write("volley: \(warning)\n") }
        return plan
    }
}

extension DecodePlan {
    /// The command-line option that selects the plan.
    var option: String { PlanLabel(self).option }
}
