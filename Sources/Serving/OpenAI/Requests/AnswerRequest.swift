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
    let length: AnswerLength
    let stops: [String]
    let ignoresEnd: Bool
    /// `seed` is the first choice's.
    let sampling: SamplingParameters
    /// What the answer must be; nil for any text.
    let constraint: Constraint?
    let logitBias: LogitBias
    /// Fields that had no effect.
    private(set) var ignoredFields: [String]

    enum CodingKeys: String, CodingKey, CaseIterable {
        case model
        case mtd, plan
        case choiceCount = "n"
        case isStreamed = "stream"
        case streamOptions = "stream_options"
        case maximumTokens = "max_tokens"
        case predictedTokens = "n_predict"
        case stops = "stop"
        case ignoresEnd = "ignore_eos"
        case temperature
        case topP = "top_p"
        case topK = "top_k"
        case minP = "min_p"
        case repetitionPenalty = "repetition_penalty"
        case repeatPenalty = "repeat_penalty"
        case presencePenalty = "presence_penalty"
        case frequencyPenalty = "frequency_penalty"
        case seed
        case logitBias = "logit_bias"
    }

    /// Fields that are accepted and have no effect.
    private enum Ignored: String, CodingKey, CaseIterable {
        case user
        case metadata
        case store
        case serviceTier = "service_tier"
        case safetyIdentifier = "safety_identifier"
        case promptCacheKey = "prompt_cache_key"
        case promptCacheRetention = "prompt_cache_retention"
        /// llama.cpp's: the server reuses prompts in any case.
        case cachesPrompt = "cache_prompt"
    }

    static let fieldNames = CodingKeys.names + ConstraintFields.names + Ignored.names

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
        ignoredFields = (streamOptions?.others ?? []).map { "stream_options." + $0 }
        if let field = ignoredFields.first, served.limits.isStrict {
            throw APIError.invalid(
                "there is no option \(quoted(field)); leave it out", field: field, code: "unknown_field")
        }
        let predicted = try AnswerLength(fields, .predictedTokens)
        length = try AnswerLength(fields, .maximumTokens) ?? predicted ?? .unnamed
        let stops: StopStrings? = try fields.field(.stops, expecting: "a text, or up to 16, none of them empty")
        self.stops = stops?.texts ?? []
        sampling = try SamplingParameters(fields)
        ignoresEnd = try fields.truth(.ignoresEnd) ?? false
        constraint = try ConstraintFields.constraint(from: decoder)
        logitBias = try fields.decodeIfPresent(LogitBias.self, forKey: .logitBias) ?? LogitBias()
        try logitBias.check(largestToken: served.largestToken)
    }

    /// Adds fields that had no effect.
    mutating func ignore(_ fields: [String]) { ignoredFields += fields }
}

extension SamplingParameters {
    fileprivate init(_ fields: KeyedDecodingContainer<AnswerRequest.CodingKeys>) throws {
        self.init()
        temperature = try fields.number(.temperature, in: 0...2)
        // At 0, only the most likely token remains.
        topP = try fields.number(.topP, in: 0...1).map { max($0, .leastNormalMagnitude) }
        // vLLM's clients write −1 for no limit.
        topK = try fields.count(.topK, in: -1...1 << 20).map { max($0, 0) }
        minP = try fields.number(.minP, in: 0...1)
        let otherName = try fields.number(.repeatPenalty, in: 0.01...100)
        repetitionPenalty = try fields.number(.repetitionPenalty, in: 0.01...100) ?? otherName
        presencePenalty = try fields.number(.presencePenalty, in: -2...2)
        frequencyPenalty = try fields.number(.frequencyPenalty, in: -2...2)
        seed = try fields.count(.seed, in: .min ... .max).map { UInt64(bitPattern: Int64($0)) }
    }
}
