import Decoding
import JSON

/// How the choices of an endpoint look: whole, and as events of a stream.
protocol AnswerFormat: Sendable {
    /// `object` of a whole answer and of an event.
    var object: String { get }
    var eventObject: String { get }
    /// What ids begin with.
    var idPrefix: String { get }

    /// A whole choice, without what all kinds have.
    func choice(_ record: ChoiceRecord) -> JSONObject
    /// The event before the first token, where there is one.
    func opening(_ record: ChoiceRecord) -> JSONObject?
    /// The event of the record's last token.
    func event(_ token: GeneratedToken, _ record: ChoiceRecord) -> JSONObject
    /// The event that says why it ended.
    var closing: JSONObject { get }
}

/// One answer's frame: what surrounds the choices.
struct AnswerFrame: Sendable {
    let format: any AnswerFormat
    let server: ServedModel
    let mtd: String
    let id: String

    init(_ format: any AnswerFormat, _ server: ServedModel, plan: any DecodePlan) {
        self.format = format
        self.server = server
        mtd = plan.name
        id = format.idPrefix + String(UInt64.random(in: .min ... .max), radix: 36)
    }

    func whole(_ records: [ChoiceRecord]) -> JSONValue {
        let choices = records.enumerated().map { index, record in
            choice(format.choice(record), index: index, summary: record.summary)
        }
        return frame(format.object, choices: choices, usage: usage(records))
    }

    /// - Parameter summary: of a choice that has ended.
    func event(_ fields: JSONObject, index: Int, summary: JobSummary? = nil, usage: JSONValue? = nil) -> JSONValue {
        frame(format.eventObject, choices: [choice(fields, index: index, summary: summary)], usage: usage)
    }

    /// The event that `stream_options` ask for.
    func usageEvent(_ records: [ChoiceRecord]) -> JSONValue {
        frame(format.eventObject, choices: [], usage: usage(records))
    }

    /// Prompts are counted once, however many choices they have.
    func usage(_ records: [ChoiceRecord]) -> JSONValue {
        var promptTokens = 0
        for (index, record) in records.enumerated() where index == 0 || record.prompt != records[index - 1].prompt {
            promptTokens += record.prompt.count
        }
        let reusedTokens = records.reduce(0) { $0 + ($1.summary?.reusedTokens ?? 0) }
        let answerTokens = records.reduce(0) { $0 + $1.tokens.count }
        return [
            "prompt_tokens": .int(promptTokens), "completion_tokens": .int(answerTokens),
            "total_tokens": .int(promptTokens + answerTokens),
            "prompt_tokens_details": ["cached_tokens": .int(reusedTokens)],
        ]
    }

    private func frame(_ object: String, choices: [JSONValue], usage: JSONValue?) -> JSONValue {
        var frame: JSONObject = [
            "id": .string(id), "object": .string(object), "created": .int(server.created),
            "model": .string(server.name), "mtd": .string(mtd), "choices": .array(choices),
        ]
        frame["usage"] = usage
        return .object(frame)
    }

    private func choice(_ fields: JSONObject, index: Int, summary: JobSummary?) -> JSONValue {
        var choice: JSONObject = ["index": .int(index)]
        for field in fields { choice[field.name] = field.value }
        choice["finish_reason"] = summary.map { .string($0.finishReason.apiName) } ?? .null
        choice["timings"] = summary?.timings
        return .object(choice)
    }
}

extension FinishReason {
    /// OpenAI knows no full context: it is a length too.
    fileprivate var apiName: String { self == .stop ? "stop" : "length" }
}

extension JobSummary {
    fileprivate var timings: JSONValue {
        [
            "wait_seconds": .double(waitSeconds), "prompt_seconds": .double(promptSeconds),
            "decode_seconds": .double(decodeSeconds), "tokens_per_second": .double(tokensPerSecond),
        ]
    }
}
