import Decoding
import Models
import Tokens

/// The model that is served, for `/v1/models`.
struct ModelDescription: Encodable {
    let id: String
    let object = "model"
    let created: Int
    let ownedBy = "volley"
    let contextLength: Int
    /// The plan of requests that name none.
    let mtd: String
    let mtdTrained: Nullable<Int>
    let mtdLargest: Int
    let hasChat: Bool
    let largestAnswer: Int
    /// The usual plans among those that a request may name.
    let plans: [OfferedPlan]
    let sampling: RecommendedSampling

    private enum CodingKeys: String, CodingKey {
        case id, object, created
        case ownedBy = "owned_by"
        case contextLength = "context_length"
        case mtd
        case mtdTrained = "mtd_trained"
        case mtdLargest = "mtd_largest"
        case hasChat = "has_chat"
        case largestAnswer = "largest_answer"
        case plans
        case sampling
    }

    init(_ served: ServedModel) {
        let configuration = served.model.stack.configuration
        id = served.name
        created = served.created
        contextLength = configuration.contextLength
        mtd = served.plan.name
        mtdTrained = Nullable(configuration.trainedFactor)
        mtdLargest = served.largestFactor
        hasChat = served.model.tokenizer?.hasChatTemplate ?? false
        largestAnswer = served.limits.answerTokens
        plans = OfferedPlan.usual.compactMap { OfferedPlan($0, served) }
        sampling = RecommendedSampling(served.model.generationDefaults)
    }
}
