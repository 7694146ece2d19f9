import Models

/// A decode plan as it is asked for, before the model is known.
public enum PlanRequest: Sendable {
    /// As the checkpoint was trained: with its factor and its routers, where it has them, else vanilla.
    case automatic
    /// Every layer whole, for every token.
    case vanilla
    /// Routed layers as their routers say, on a model that was trained by this method.
    case routed(RoutingMethod)
    /// This many tokens a trunk pass, 1 to 16, with cycles counted as the checkpoint says.
    case multiToken(Int)
    /// LayerSkip's early exit after the first `layers`.
    case exit(layers: Int)
    /// ShortGPT without the `layers` of least influence.
    case shortGPT(dropping: Int)
    /// LaCo: layers collapsed into others until `layers` are left out.
    case laco(leavingOut: Int)
    /// Early exit where a layer turns the residual less than this cosine says.
    case confidence(Float)
    /// LayerSkip's self-speculative form; nil leaves the number of drafts to the plan.
    case layerSkip(exit: Int, drafts: Int?)
    /// A plan of the program's own.
    case custom(any DecodePlan)

    /// Routed layers as FlexiDepth's routers say.
    public static var flexiDepth: PlanRequest { .routed(.flexiDepth) }
    /// Attentions and feed-forwards as MindSkip's gates say.
    public static var mindSkip: PlanRequest { .routed(.mindSkip) }
    /// Routed layers as mixture-of-depths' routers say.
    public static var mixtureOfDepths: PlanRequest { .routed(.mixtureOfDepths) }

    package var isVanilla: Bool {
        if case .vanilla = self { true } else { false }
    }

    /// The name of a plan that is made by what the weights do to a text; nil of the others.
    package var measuredName: String? {
        switch self {
        case .shortGPT(let count): "shortgpt:\(count)"
        case .laco(let count): "laco:\(count)"
        default: nil
        }
    }

    /// Reads `off` or a factor, as `--mtd` takes it.
    package init(factor text: String) throws(PlanError) {
        if text == "off" {
            self = .vanilla
        } else if let factor = Int(text) {
            _ = try MultiTokenPlan(factor: factor)
            self = .multiToken(factor)
        } else {
            throw .unreadableFactor(text)
        }
    }

    /// Reads `NAME[:ARGUMENT]`, as `--plan` takes it.
    package init(plan text: String) throws(PlanError) {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        switch (parts[0], parts.dropFirst().first) {
        case ("off", nil), ("vanilla", nil): self = .vanilla
        case ("flexidepth", nil): self = .flexiDepth
        case ("mindskip", nil): self = .mindSkip
        case ("mod", nil): self = .mixtureOfDepths
        case ("mtd", let factor?): try self.init(factor: factor)
        case ("exit", let count?): self = .exit(layers: try Self.layerCount(count, of: text))
        case ("shortgpt", let count?): self = .shortGPT(dropping: try Self.layerCount(count, of: text))
        case ("laco", let count?): self = .laco(leavingOut: try Self.layerCount(count, of: text))
        case ("confidence", let cosine?):
            guard let cosine = Float(cosine) else { throw .unreadableCosine(text) }
            self = .confidence(try SaturationPlan(cosine: cosine).cosine)
        case ("layerskip", let argument?):
            let counts = try argument.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
                .map { part throws(PlanError) in try Self.layerCount(String(part), of: text) }
            self = .layerSkip(exit: counts[0], drafts: counts.dropFirst().first)
        default: throw .unknownPlan(text)
        }
    }

    private static func layerCount(_ text: String, of plan: String) throws(PlanError) -> Int {
        guard let count = Int(text), count >= 0 else { throw .unreadableLayers(plan) }
        return count
    }
}

extension ModelConfiguration {
    /// The plan that `request` means for this model.
    ///
    /// - Parameter rule: replaces choices of the checkpoint's own rule.
    /// - Throws: `PlanError.rule` where these contradict it, `PlanError.noTrunk` where a plan with cycles meets a model
    ///   without a trunk, `PlanError.noRouters` where a routed plan meets one without routed layers,
    ///   `PlanError.otherRouters` where their method is another, `PlanError.factorOutOfRange`.
    public func plan(
        for request: PlanRequest, rule overrides: CycleRule.Overrides = CycleRule.Overrides()
    ) throws(PlanError) -> any DecodePlan {
        let rule = try self.rule(replacing: overrides)
        let factor: Int
        switch request {
        case .vanilla: return .vanilla
        case .routed(let method):
            guard let trained = routing?.method else { throw .noRouters(plan: method.planName) }
            guard trained == method else { throw .otherRouters(plan: method.planName, trained: trained.planName) }
            return RoutedPlan(method)
        case .automatic:
            guard let trained = trainedFactor, MultiTokenPlan.factors.contains(trained), trunkLayerCount > 0 else {
                return routing.map { RoutedPlan($0.method) } ?? .vanilla
            }
            factor = trained
        case .multiToken(let asked): factor = asked
        case .exit(let layers): return try FixedLayersPlan.exit(after: layers, of: self)
        case .layerSkip(let exit, let drafts):
            return try SelfSpeculativePlan(
                exitLayer: exit, draftCount: drafts ?? SelfSpeculativePlan.defaultDraftCount, of: self)
        case .confidence(let cosine): return try SaturationPlan(cosine: cosine)
        case .shortGPT, .laco: throw .needsMeasurement(plan: request.measuredName ?? "")
        case .custom(let plan):
            guard trunkLayerCount > 0 || !plan.needsSplit else { throw .noTrunk(layerCount: layerCount) }
            return plan
        }
        guard trunkLayerCount > 0 else { throw .noTrunk(layerCount: layerCount) }
        return try MultiTokenPlan(
            factor: factor, rule: rule, layers: routing == nil ? .all : .routed)
    }

    /// - Throws: `PlanError.rule` where `overrides` contradict themselves or the checkpoint's rule.
    package func rule(replacing overrides: CycleRule.Overrides) throws(PlanError) -> CycleRule {
        do throws(CycleRuleError) {
            return try checkpointRule.replacing(overrides).rule
        } catch {
            throw .rule(error)
        }
    }
}
