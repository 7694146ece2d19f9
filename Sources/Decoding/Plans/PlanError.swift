public import Foundation
public import Models

/// Why a plan cannot be made, in one sentence.
public enum PlanError: Error, Equatable, CustomStringConvertible {
    /// The factor is not from 1 to 16.
    case factorOutOfRange(Int)
    /// The factor of verified cycles is outside 2 to 16.
    case verifiedFactorOutOfRange(Int)
    /// The maximum length of adaptive cycles is outside 2 to 16.
    case adaptiveLengthOutOfRange(Int)
    /// The threshold of adaptive cycles is not a number from 0 to 1.
    case threshold(String)
    /// The cycle rule gives cycles fixed places, so that they cannot vary in length.
    case adaptiveRule(CycleRule)
    /// Cycles that keep the head's history are asked of a model with a head of its own for cycles.
    case headNeedsRefresh
    /// The factor is neither `off` nor a number.
    case unreadableFactor(String)
    /// There is no plan of this name.
    case unknownPlan(String)
    /// The requested phase and prompt input contradict each other.
    case rule(CycleRuleError)
    /// The model is too shallow to have a trunk.
    case noTrunk(layerCount: Int)
    /// The model has no routed layers.
    case noRouters(plan: String)
    /// The model's layers are routed by another method.
    case otherRouters(plan: String, trained: String)
    /// The plan's argument is not a number of layers.
    case unreadableLayers(String)
    /// The plan chooses its layers by measurement, which needs weights and a text.
    case needsMeasurement(plan: String)
    /// The number of drafts is not from 1 to 15.
    case draftsOutOfRange(plan: String, Int)
    /// The plan's argument is not a number of drafts.
    case unreadableDrafts(plan: String, String)
    /// The plan's drafts come from a smaller model, and there is none.
    case noDraftModel
    /// The confidence is not from 0 to 1.
    case cosine(Float)
    /// The plan's argument is not a confidence.
    case unreadableCosine(String)
    /// The plan merges weights that are not finite.
    case weightsNotFinite(plan: String)
    /// The plan merges layers whose experts differ.
    case experts(plan: String)
    /// The plan's number of layers is out of range for the model.
    case layersOutOfRange(plan: String, count: Int, range: ClosedRange<Int>)

    public var description: String {
        switch self {
        case .factorOutOfRange(let factor):
            "the multi-token factor is \(factor); give off or a number from 1 to 16"
        case .verifiedFactorOutOfRange(let factor):
            "the factor of verified cycles is \(factor); give a number from 2 to 16"
        case .adaptiveLengthOutOfRange(let length):
            "the maximum length of adaptive cycles is \(length); give a number from 2 to 16"
        case .threshold(let text):
            "the threshold of adaptive cycles is '\(text)'; give a number from 0 to 1"
        case .adaptiveRule(let rule):
            "adaptive cycles vary in length, which \(rule.phase == .absolute ? "absolute phase" : "shadow history") does not "
                + "allow; give --phase prompt and --history real, or a plan with a fixed factor"
        case .headNeedsRefresh:
            "a head of its own for cycles attends to the model's keys and values; leave out --head-history kept"
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
        case .draftsOutOfRange(let plan, let count):
            "the plan \(plan) is to draft \(count) tokens at a time; give a number from 1 to 15"
        case .unreadableDrafts(let plan, let text):
            "the plan \(plan) is to draft '\(text)' tokens at a time; give a number from 1 to 15"
        case .noDraftModel:
            "the plan draft takes its drafts from a smaller model; name it by --draft"
        case .cosine(let cosine):
            "the confidence is \(cosine); give a number from 0 to 1"
        case .unreadableCosine(let plan):
            "--plan \(plan) names no confidence; give a number from 0 to 1, such as confidence:0.98"
        case .weightsNotFinite(let plan):
            "--plan \(plan) cannot add up the model's layers, as some weights are not finite; download it again"
        case .experts(let plan):
            "--plan \(plan) merges layers, which is not implemented for a mixture of experts; take exit or shortgpt"
        case .layersOutOfRange(let plan, let count, let range):
            "--plan \(plan):\(count) is out of range; this model takes \(range.lowerBound) to \(range.upperBound)"
        }
    }
}

extension PlanError: LocalizedError {
    /// The same sentence as `description`.
    public var errorDescription: String? { description }
}
