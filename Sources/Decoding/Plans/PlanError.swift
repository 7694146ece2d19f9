public import Models

/// A plan that cannot be made, in one sentence.
public enum PlanError: Error, Equatable, CustomStringConvertible {
    /// The factor is not from 1 to 16.
    case factorOutOfRange(Int)
    /// The command line gives neither `off` nor a number.
    case unreadableFactor(String)
    /// The command line names no plan.
    case unknownPlan(String)
    /// The phase and the prompt input that are asked for contradict each other.
    case rule(CycleRuleError)
    /// The model is too shallow to have a trunk.
    case noTrunk(layerCount: Int)
    /// The model has no routed layers.
    case noRouters(plan: String)
    /// The model's layers are routed by another method.
    case otherRouters(plan: String, trained: String)
    /// The command line names no number of layers.
    case unreadableLayers(String)
    /// The plan is to be measured, for which there is no text.
    case needsMeasurement(plan: String)
    /// The drafts are not from 1 to 15.
    case draftsOutOfRange(Int)
    /// The confidence is not from 0 to 1.
    case cosine(Float)
    /// The command line names no confidence.
    case unreadableCosine(String)
    /// Weights that the plan is to add up are not finite.
    case weightsNotFinite(plan: String)
    /// The model has not so many layers.
    case layersOutOfRange(plan: String, count: Int, range: ClosedRange<Int>)

    public var description: String {
        switch self {
        case .factorOutOfRange(let factor):
            "the multi-token factor is \(factor); give off or a number from 1 to 16"
        case .unreadableFactor(let text):
            "the multi-token factor is '\(text)'; give off or a number from 1 to 16"
        case .unknownPlan(let name):
            "there is no decode plan named '\(name)'; give \(PlanKind.list)"
        case .rule(let error): error.description
        case .noTrunk(let layerCount):
            "the model's \(layerCount) layers are all head, so there is no trunk to skip; decode with --mtd off, or give "
                + "--head-layers a number below \(layerCount)"
        case .noRouters(let plan):
            "the model has no routed layers, so there is no --plan \(plan); give off, or a checkpoint with routing_layers"
        case .otherRouters(let plan, let trained):
            "the model's layers are routed by \(trained), so there is no --plan \(plan); give \(trained) or off"
        case .unreadableLayers(let plan):
            "--plan \(plan) names no number of layers; give one such as exit:12"
        case .needsMeasurement(let plan):
            "--plan \(plan) needs the model's weights and a text to choose its layers by, which this command has not"
        case .draftsOutOfRange(let count):
            "the plan layerskip is to draft \(count) tokens at a time; give a number from 1 to 15"
        case .cosine(let cosine):
            "the confidence is \(cosine); give a number from 0 to 1"
        case .unreadableCosine(let plan):
            "--plan \(plan) names no confidence; give a number from 0 to 1, such as confidence:0.98"
        case .weightsNotFinite(let plan):
            "--plan \(plan) cannot add up the model's layers, as some weights are not finite; download it again"
        case .layersOutOfRange(let plan, let count, let range):
            "--plan \(plan):\(count) is out of range; this model takes \(range.lowerBound) to \(range.upperBound)"
        }
    }
}
