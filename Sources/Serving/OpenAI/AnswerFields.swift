import Decoding
import Hummingbird
import JSON
import Models

/// What a completion and a chat are asked alike.
struct AnswerFields {
    let plan: any DecodePlan
    let choiceCount: Int
    let isStreamed: Bool
    /// Whether a stream ends with an event for the usage alone.
    let includesUsage: Bool
    /// Without logprobs; `seed` is the first choice's.
    let options: GenerationOptions

    /// - Parameters:
    ///   - maximumTokens: tokens of an answer that asks for no number.
    ///   - lengthNames: the names of the field for most tokens; the first that is there counts.
    /// - Throws: `APIError` naming a field that is out of range or not implemented.
    init(
        _ fields: inout RequestFields, _ server: ServedModel, maximumTokens: Int, lengthNames: [String]
    ) throws(APIError) {
        guard let name = try fields.text("model") else {
            throw .invalid("model is missing; give \(quoted(server.name))", field: "model")
        }
        guard name == server.name else {
            throw APIError(
                status: .notFound, message: "there is no model \(quoted(name)) here; give \(quoted(server.name))",
                field: "model", code: "model_not_found")
        }
        plan = try Self.plan(fields.value("mtd"), server)
        choiceCount = try fields.count("n", in: 1...server.limits.choices) ?? 1
        isStreamed = try fields.truth("stream") ?? false
        includesUsage = try Self.includesUsage(fields.value("stream_options"))
        var length: Int?
        for name in lengthNames { length = try fields.count(name, in: 0...server.limits.answerTokens) ?? length }
        let stops = try Self.stops(fields.value("stop"))
        let defaults = server.model.generationDefaults
        var options = GenerationOptions(
            maximumTokens: length
                ?? min(
                    maximumTokens, defaults.maximumTokens?.value ?? .max, server.limits.answerTokens),
            sampling: try Self.sampling(&fields, defaults), stops: stops,
            ignoresEnd: try fields.truth("ignore_eos") ?? false)
        if length == nil { options.maximumLength = defaults.maximumLength?.value }
        do { try options.check() } catch { throw .invalid("\(error)") }
        self.options = options
        try Self.refuseOthers(&fields)
    }

    /// What the request does not name is the model's own default; where its makers name no way to draw either, the
    /// temperature is 1 as at OpenAI.
    private static func sampling(
        _ fields: inout RequestFields, _ defaults: GenerationDefaults
    ) throws(APIError) -> SamplingParameters {
        var sampling = SamplingParameters()
        sampling.temperature = try fields.number("temperature", in: 0...2)
        // 0 leaves the most likely token alone.
        sampling.topP = try fields.number("top_p", in: 0...1).map { max($0, .leastNormalMagnitude) }
        sampling.topK = try fields.count("top_k", in: 0...1 << 20)
        sampling.minP = try fields.number("min_p", in: 0...1)
        sampling.repetitionPenalty = try fields.number("repetition_penalty", in: 0.01...100)
        sampling.presencePenalty = try fields.number("presence_penalty", in: -2...2)
        sampling.frequencyPenalty = try fields.number("frequency_penalty", in: -2...2)
        sampling.seed = try fields.count("seed", in: .min ... .max).map { UInt64(bitPattern: Int64($0)) }
        sampling = sampling.filled(from: defaults)
        sampling.temperature = sampling.temperature ?? 1
        return sampling
    }

    private static func refuseOthers(_ fields: inout RequestFields) throws(APIError) {
        fields.ignore("user", "metadata", "store", "service_tier", "safety_identifier", "prompt_cache_key")
        try fields.refuse("logit_bias", unless: .object([:]))
    }

    /// `off`, or a factor up to the server's largest.
    private static func plan(_ value: JSONValue?, _ server: ServedModel) throws(APIError) -> any DecodePlan {
        guard let value else { return server.plan }
        do {
            guard let text = value.stringValue ?? value.wholeNumber.map(String.init) else {
                throw PlanError.unreadableFactor("\(value)")
            }
            let plan = try server.model.stack.configuration.plan(
                for: try PlanRequest(factor: text), rule: server.rule)
            let factor = plan.cycleLength
            if factor > server.limits.factor {
                throw APIError.invalid(
                    "mtd is \(factor), and this server goes up to \(server.limits.factor); give less, or \"off\"",
                    field: "mtd")
            }
            return plan
        } catch let error as APIError {
            throw error
        } catch {
            throw .invalid("\(error)", field: "mtd")
        }
    }

    /// A text, or up to sixteen.
    private static func stops(_ value: JSONValue?) throws(APIError) -> [String] {
        guard let value else { return [] }
        let texts = value.stringValue.map { [$0] } ?? value.arrayValue?.compactMap(\.stringValue)
        guard let texts, texts.count == value.arrayValue?.count ?? 1, texts.count <= 16, !texts.contains("") else {
            throw .invalid("stop is \(value); give a text, or up to 16, none of them empty", field: "stop")
        }
        return texts
    }

    private static func includesUsage(_ value: JSONValue?) throws(APIError) -> Bool {
        guard let value else { return false }
        let known = ["include_usage", "include_obfuscation"]
        guard let options = value.objectValue,
            options.allSatisfy({ known.contains($0.name) && $0.value.boolValue != nil })
        else { throw .invalid("stream_options is \(value); give {\"include_usage\": true}", field: "stream_options") }
        return options["include_usage"]?.boolValue ?? false
    }
}
