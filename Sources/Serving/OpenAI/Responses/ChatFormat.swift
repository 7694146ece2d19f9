import Decoding
import Tokens

/// Choices of `/v1/chat/completions`.
struct ChatFormat: AnswerFormat {
    let tokenizer: Tokenizer?
    let logprobCount: Int?
    let readers: AnswerReaders

    static let object = "chat.completion"
    static let eventObject = "chat.completion.chunk"
    static let idPrefix = "chatcmpl-"

    func choice(_ record: ChoiceRecord, index: Int) -> ChatChoice {
        let whole = readers.whole(record.text)
        return ChatChoice(
            index: index, message: .init(whole), tokenIDs: record.tokens.map(\.id),
            logprobs: logprobs(record.tokens),
            finishReason: Nullable(record.summary?.finishReason.apiName(afterCalls: whole.calls != nil)),
            timings: record.summary.map(Timings.init))
    }

    func opening(_ record: ChoiceRecord, index: Int) -> ChatEventChoice? {
        ChatEventChoice(index: index, delta: .init(role: "assistant", content: ""))
    }

    func event(_ token: GeneratedToken, index: Int) -> ChatEventChoice {
        ChatEventChoice(
            index: index, delta: readers.delta(token.text, choice: index), tokenIDs: [token.id],
            logprobs: logprobs([token]),
            cycleIndex: token.cycleIndex)
    }

    func closing(_ summary: JobSummary, index: Int) -> ChatEventChoice {
        let delta = readers.delta(nil, choice: index)
        return ChatEventChoice(
            index: index, delta: delta, logprobs: Nullable(nil),
            finishReason: Nullable(summary.finishReason.apiName(afterCalls: readers.hasCalled(choice: index))),
            timings: Timings(summary))
    }

    private func logprobs(_ tokens: [GeneratedToken]) -> Nullable<ChatLogprobs> {
        Nullable(logprobCount.map { count in ChatLogprobs(content: tokens.map { logprobs($0, count) }) })
    }

    private func logprobs(_ token: GeneratedToken, _ count: Int) -> ChatLogprobs.Token {
        let own = token.logprobs.last { $0.id == token.id }
        return ChatLogprobs.Token(own.map(entry), topLogprobs: token.logprobs.prefix(count).map(entry))
    }

    private func entry(_ token: TokenLogprob) -> ChatLogprobs.Entry {
        let names = TokenNames(tokenizer: tokenizer)
        return ChatLogprobs.Entry(
            names.text(of: token.id), bytes: names.bytes(of: token.id), logprob: Double(token.logprob))
    }
}
