import Decoding
import JSON
import Tokens

/// Choices of `/v1/completions`.
struct CompletionFormat: AnswerFormat {
    let tokenizer: Tokenizer?
    let echoes: Bool
    let logprobCount: Int?

    var object: String { "text_completion" }
    var eventObject: String { "text_completion" }
    var idPrefix: String { "cmpl-" }

    func choice(_ record: ChoiceRecord) -> JSONObject {
        var scores = echoes ? promptScores(record) : []
        scores += record.tokens.map { Score($0.id, $0.logprobs) }
        return [
            "text": .string((echoes ? promptText(record) : "") + record.text),
            "token_ids": .array(record.tokens.map { .int($0.id) }), "logprobs": logprobs(scores),
        ]
    }

    func opening(_ record: ChoiceRecord) -> JSONObject? {
        echoes ? ["text": .string(promptText(record)), "logprobs": logprobs(promptScores(record))] : nil
    }

    func event(_ token: GeneratedToken, _ record: ChoiceRecord) -> JSONObject {
        var event: JSONObject = [
            "text": .string(token.text), "token_ids": [.int(token.id)],
            "logprobs": logprobs([Score(token.id, token.logprobs)]),
        ]
        event["cycle_place"] = token.cycleIndex.map { .int($0) }
        return event
    }

    var closing: JSONObject { ["text": "", "logprobs": .null] }

    private func promptText(_ record: ChoiceRecord) -> String {
        tokenizer?.decode(record.prompt, skipSpecial: true) ?? ""
    }

    /// A token and the most likely ones in its place, most likely first; none for a text's first token.
    private struct Score {
        let id: Int
        let likeliest: [TokenLogprob]

        init(_ id: Int, _ likeliest: [TokenLogprob]) {
            self.id = id
            self.likeliest = likeliest
        }
    }

    private func promptScores(_ record: ChoiceRecord) -> [Score] {
        guard logprobCount != nil else { return [] }
        return zip(record.prompt, [[]] + record.promptLogprobs).map { Score($0, $1) }
    }

    /// Four lists of the same length: the tokens, their logprobs, the most likely ones, and where each begins.
    private func logprobs(_ scores: [Score]) -> JSONValue {
        guard let logprobCount else { return .null }
        var offset = 0
        var (tokens, own, top, offsets) = ([JSONValue](), [JSONValue](), [JSONValue](), [JSONValue]())
        for score in scores {
            let text = text(score.id)
            tokens.append(.string(text))
            own.append(score.likeliest.last { $0.id == score.id }.map { .double(Double($0.logprob)) } ?? .null)
            var places = JSONObject()
            for other in score.likeliest.prefix(logprobCount) {
                places[self.text(other.id)] = .double(Double(other.logprob))
            }
            top.append(score.likeliest.isEmpty ? .null : .object(places))
            offsets.append(.int(offset))
            offset += text.unicodeScalars.count
        }
        return [
            "tokens": .array(tokens), "token_logprobs": .array(own), "top_logprobs": .array(top),
            "text_offset": .array(offsets),
        ]
    }

    private func text(_ id: Int) -> String { tokenizer?.decode([id], skipSpecial: false) ?? String(id) }
}
