import ArgumentParser
import Volley

/// The plans to compare.
struct ComparedPlans: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Factors; off is vanilla (default: off,2,3,4,6; for a model with routers, off and its routed plan).",
            valueName: "off,2,3"))
    var mtd: MTDFactors?

    @Option(
        help: ArgumentHelp(
            """
            Plans as for `generate --plan`, separated by commas; may be given more than once. They follow the factors of \
            --mtd; without --mtd they replace the default factors.
            """, valueName: "off,exit:20"), transform: PlanRequest.list)
    var plans: [[PlanRequest]] = []

    @OptionGroup var rule: RuleOptions

    @OptionGroup var drafts: DraftOptions

    @OptionGroup var calibration: CalibrationOptions

    /// The plans without duplicates, in the order of the command line, those of `--mtd` first.
    func resolve(for model: Model, options: SessionOptions) throws -> [any DecodePlan] {
        let asked = (mtd?.requests ?? []) + plans.flatMap { $0 }
        let text = try calibration.text()
        var resolved: [any DecodePlan] = []
        let requests = asked.isEmpty ? Self.requests(for: model.configuration) : asked
        for request in requests + (drafts.request.map { [$0] } ?? []) {
            let plan = try model.plan(
                for: request, rule: rule.overrides, calibration: text, options: options)
            if !resolved.contains(where: { $0.name == plan.name }) { resolved.append(plan) }
        }
        return resolved
    }

    /// The plans to compare by default.
    private static func requests(for configuration: ModelConfiguration) -> [PlanRequest] {
        configuration.routing.map { [.vanilla, .routed($0.method)] } ?? MTDFactors.all.requests
    }
}

extension PlanRequest {
    /// Parses `NAME[:ARGUMENT],…`.
    fileprivate static func list(_ text: String) throws -> [PlanRequest] {
        try text.split(separator: ",", omittingEmptySubsequences: false).map { try PlanRequest(plan: String($0)) }
    }
}
