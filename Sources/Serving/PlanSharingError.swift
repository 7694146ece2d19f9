import Decoding
import Models

/// Why requests with a plan cannot share passes with others, in one sentence.
package enum PlanSharingError: Error, Equatable, CustomStringConvertible {
    case otherTrunk(plan: String, headLayers: Int)
    case ownWeights(plan: String)

    /// Nil if sequences with `plan` can share the passes of `model`.
    package init?(_ plan: any DecodePlan, _ model: Model) {
        if let count = plan.trunkLayerCount, count != model.configuration.trunkLayerCount {
            self = .otherTrunk(plan: plan.name, headLayers: model.configuration.layerCount - count)
        } else if plan.model(from: model).stack.runsAlike(model.stack) {
            return nil
        } else {
            self = .ownWeights(plan: plan.name)
        }
    }

    package var description: String {
        switch self {
        case .otherTrunk(let plan, let headLayers):
            "\(plan) cuts the model elsewhere than other requests expect; add --head-layers \(headLayers) to cut it there for all"
        case .ownWeights(let plan):
            "\(plan) changes the weights that other requests share; decode with it by generate or chat, or serve another plan"
        }
    }
}
