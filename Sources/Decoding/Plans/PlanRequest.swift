public import Models

/// A request for a decode plan, made before the model is known.
public struct PlanRequest: Sendable, CustomStringConvertible {
    /// Makes the plan once the model is known.
    enum Maker: Sendable {
        case configured(@Sendable (ModelConfiguration, CycleRule) throws(PlanError) -> any DecodePlan)
        /// Chooses layers by running the model over a text's tokens.
        case measured(@Sendable (LayerStack, [Int], SessionOptions) throws -> FixedLayersPlan)
    }

    /// The plan as `--plan` spells it.
    public let description: String
    let maker: Maker

    /// - Parameter make: makes the plan for a model and a cycle rule.
    init(
        _ description: String,
        make: @escaping @Sendable (ModelConfiguration, CycleRule) throws(PlanError) -> any DecodePlan
    ) {
        self.description = description
        maker = .configured(make)
    }

    /// - Parameter make: makes the plan for a model by running it over a text's tokens.
    init(
        measured description: String,
        make: @escaping @Sendable (LayerStack, [Int], SessionOptions) throws -> FixedLayersPlan
    ) {
        self.description = description
        maker = .measured(make)
    }

    /// Whether making the plan needs the model's weights and a text.
    package var isMeasured: Bool {
        if case .measured = maker { true } else { false }
    }

    /// A plan defined by the calling program.
    public static func custom(_ plan: any DecodePlan) -> PlanRequest {
        PlanRequest(plan.name) { configuration, _ throws(PlanError) in
            guard configuration.trunkLayerCount > 0 || !plan.needsSplit else {
                throw .noTrunk(layerCount: configuration.layerCount)
            }
            return plan
        }
    }

    /// The plan that the checkpoint was trained for: its factor, its routers, or vanilla; with a head of its own for cycles, lossless
    /// decoding.
    public static var automatic: PlanRequest {
        PlanRequest("auto") { configuration, rule throws(PlanError) in
            if configuration.hasCycleHead { return AutoPlan() }
            guard let factor = configuration.trainedFactor, MultiTokenPlan.factors.contains(factor),
                configuration.trunkLayerCount > 0
            else { return configuration.routing.map { RoutedPlan($0.method) } ?? .vanilla }
            return try MultiTokenPlan(factor: factor, rule: rule, for: configuration)
        }
    }
}

extension ModelConfiguration {
    /// The plan of `request` for this model.
    ///
    /// - Parameter rule: replaces choices of the checkpoint's own rule.
    /// - Throws: `PlanError.rule` if these contradict it; `PlanError.noTrunk` for a plan with cycles and a model without a trunk;
    ///   `PlanError.noRouters` for a routed plan and a model without routed layers; `PlanError.otherRouters` if the model is
    ///   routed by another method; `PlanError.factorOutOfRange`; `PlanError.needsMeasurement` for a plan that needs weights.
    public func plan(
        for request: PlanRequest, rule overrides: CycleRule.Overrides = CycleRule.Overrides()
    ) throws(PlanError) -> any DecodePlan {
        let rule = try self.rule(replacing: overrides)
        switch request.maker {
        case .configured(let make):
            let plan = try make(self, rule)
            guard !hasCycleHead || !plan.hasCycles || plan.refreshesHead else { throw .headNeedsRefresh }
            return plan
        case .measured: throw .needsMeasurement(plan: request.description)
        }
    }

    /// - Throws: `PlanError.rule` if `overrides` contradict each other or the checkpoint's rule.
    package func rule(replacing overrides: CycleRule.Overrides) throws(PlanError) -> CycleRule {
        do throws(CycleRuleError) {
            return try checkpointRule.replacing(overrides).rule
        } catch {
            throw .rule(error)
        }
    }
}
