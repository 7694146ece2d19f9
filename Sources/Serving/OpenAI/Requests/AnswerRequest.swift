import Constraints
import Decoding
import Foundation
import JSON

/// The fields that completions and chats share.
struct AnswerRequest: DecodableWithConfiguration {
    let plan: any DecodePlan
    let choiceCount: Int
    let isStreamed: Bool
    /// Whether the stream ends with an event for the usage alone.
    let includesUsage: Bool
    let maximumTokens: Int?
    let stops: [String]
    let ignoresEnd: Bool
    /// `seed` is the first choice's.
    let sampling: SamplingParameters
    /// What the answer must be; nil for any text.
    let constraint: Constraint?

    enum CodingKeys: String, CodingKey, CaseIterable {
        case model
        case mtd, plan
        case choiceCount = "n"
        case isStreamed = "stream"
        case streamOptions = "stream_options"
        case maximumTokens = "max_tokens"
        case stops = "stop"
        case ignoresEnd = "ignore_eos"
        case temperature
        case topP = "top_p"
        case topK = "top_k"
        case minP = "min_p"
        case repetitionPenalty = "repetition_penalty"
        case presencePenalty = "presence_penalty"
        case frequencyPenalty = "frequency_penalty"
        case seed
    }

    /// Fields that are accepted and have no effect.
    private enum Ignored: String, CodingKey, CaseIterable {
        case user
        case metadata
        case store
        case serviceTier = "service_tier"
        case safetyIdentifier = "safety_identifier"
        case promptCacheKey = "prompt_cache_key"
    }

    private enum Unsupported: String, UnsupportedField {
        case logitBias = "logit_bias"

        var harmless: [JSONValue] { [[:]] }
    }

    static let fieldNames = CodingKeys.names + ConstraintFields.names + Ignored.names + Unsupported.names

    /// - Throws: `APIError` naming a field that is out of range, not implemented or not this model's.
    init(from decoder: any Decoder, configuration served: ServedModel) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        try served.check(name: fields.text(.model))
        plan = try served.plan(
            mtd: fields.decodeIfPresent(FactorName.self, forKey: .mtd)?.text, plan: fields.text(.plan))
        choiceCount = try fields.count(.choiceCount, in: 1...served.limits.choices) ?? 1
        isStreamed = try fields.truth(.isStreamed) ?? false
        let streamOptions: StreamOptions? = try fields.field(
            .streamOptions, expecting: "{\"include_usage\": true}")
        includesUsage = streamOptions?.includesUsage ?? false
        maximumTokens = try fields.count(.maximumTokens, in: 0...served.limits.answerTokens)
        let stops: StopStrings? = try fields.field(.stops, expecting: "a text, or up to 16, none of them empty")
        self.stops = stops?.texts ?? []
        sampling = try SamplingParameters(fields)
        ignoresEnd = try fields.truth(.ignoresEnd) ?? false
        constraint = try ConstraintFields.constraint(from: decoder)
        try decoder.refuse(Unsupported.self)
    }
}

extension SamplingParameters {
    fileprivate init(_ fields: KeyedDecodingContainer<AnswerRequest.CodingKeys>) throws {
        self.init()
        temperature = try fields.number(.temperature, in: 0...2)
        // At 0, only the most likely token remains.
        topP = try fields.number(.topP, in: 0...1).map { max($0, .leastNormalMagnitude) }
        topK = try fields.count(.topK, in: 0...1 << 20)
        minP = try fields.number(.minP, in: 0...1)
        repetitionPenalty = try fields.number(.repetitionPenalty, in: 0.01...100)
        presencePenalty = try fields.number(.presencePenalty, in: -2...2)
        frequencyPenalty = try fields.number(.frequencyPenalty, in: -2...2)
        seed = try fields.count(.seed, in: .min ... .max).map { UInt64(bitPattern: Int64($0)) }
    }
}
