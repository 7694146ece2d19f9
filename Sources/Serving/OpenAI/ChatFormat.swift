import Decoding
import JSON
import Tokens

/// Choices of `/v1/chat/completions`.
struct ChatFormat: AnswerFormat {
    let tokenizer: Tokenizer?
    let logprobCount: Int?

    var object: String { "chat.completion" }
    var eventObject: String { "chat.completion.chunk" }
    var idPrefix: String { "chatcmpl-" }

    func choice(_ record: ChoiceRecord) -> JSONObject {
        [
            "message": ["role": "assistant", "content": .string(record.text), "refusal": .null],
            "token_ids": .array(record.tokens.map { .int($0.id) }), "logprobs": logprobs(record.tokens),
        ]
    }

    func opening(_ record: ChoiceRecord) -> JSONObject? { ["delta": ["role": "assistant", "content": ""]] }

    func event(_ token: GeneratedToken, _ record: ChoiceRecord) -> JSONObject {
        var event: JSONObject = [
            "delta": ["content": .string(token.text)], "token_ids": [.int(token.id)], "logprobs": logprobs([token]),
        ]
        event["cycle_place"] = token.cycleIndex.map { .int($0) }
        return event
    }

    var closing: JSONObject { ["delta": [:], "logprobs": .null] }

    private func logprobs(_ tokens: [GeneratedToken]) -> JSONValue {
        guard let logprobCount else { return .null }
        return [
            "content": .array(
                tokens.map { token in
                    let own = token.logprobs.last { $0.id == token.id }
                    var entry = own.map(entry) ?? [:]
                    entry["top_logprobs"] = .array(token.logprobs.prefix(logprobCount).map { .object(self.entry($0)) })
                    return .object(entry)
                }), "refusal": .null,
        ]
    }

    private func entry(_ token: TokenLogprob) -> JSONObject {
        let text = tokenizer?.decode([token.id], skipSpecial: false) ?? String(token.id)
        return [
            "token": .string(text), "logprob": .double(Double(token.logprob)),
            "bytes": .array(text.utf8.map { .int(Int($0)) }),
        ]
    }
}
