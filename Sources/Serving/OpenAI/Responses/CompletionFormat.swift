import Decoding
import Tokens

/// Choices of `/v1/completions`.
struct CompletionFormat: AnswerFormat {
    let tokenizer: Tokenizer?
    let echoes: Bool
    let logprobCount: Int?

    static let object = "text_completion"
    static let eventObject = "text_completion"
    static let idPrefix = "cmpl-"

    func choice(_ record: ChoiceRecord, index: Int) -> CompletionChoice {
        let scores = (echoes ? promptScores(record) : []) + record.tokens.map { Score($0.id, $0.logprobs) }
        return CompletionChoice(
            index: index, text: (echoes ? promptText(record) : "") + record.text, tokenIDs: record.tokens.map(\.id),
            logprobs: logprobs(scores), finishReason: Nullable(record.summary?.finishReason.apiName),
            timings: record.summary.map(Timings.init))
    }

    func opening(_ record: ChoiceRecord, index: Int) -> CompletionChoice? {
        guard echoes else { return nil }
        return CompletionChoice(index: index, text: promptText(record), logprobs: logprobs(promptScores(record)))
    }

    func event(_ token: GeneratedToken, index: Int) -> CompletionChoice {
        CompletionChoice(
            index: index, text: token.text, tokenIDs: [token.id], logprobs: logprobs([Score(token.id, token.logprobs)]),
            cycleIndex: token.cycleIndex)
    }

    func closing(_ summary: JobSummary, index: Int) -> CompletionChoice {
        CompletionChoice(
            index: index, text: "", logprobs: Nullable(nil), finishReason: Nullable(summary.finishReason.apiName),
            timings: Timings(summary))
    }

    private func promptText(_ record: ChoiceRecord) -> String {
        tokenizer?.decode(record.prompt, skipSpecial: true) ?? ""
    }

    /// A token and the most likely ones at its position, most likely first; none for a text's first token.
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

    private func logprobs(_ scores: [Score]) -> Nullable<CompletionLogprobs> {
        guard let logprobCount else { return Nullable(nil) }
        let names = TokenNames(tokenizer: tokenizer)
        var logprobs = CompletionLogprobs()
        for score in scores {
            let own = score.likeliest.last { $0.id == score.id }
            let top = score.likeliest.prefix(logprobCount).map { (names.name(of: $0.id), $0.id, Double($0.logprob)) }
            logprobs.add(
                names.name(of: score.id), length: names.text(of: score.id).unicodeScalars.count,
                logprob: own.map { Double($0.logprob) },
                top: score.likeliest.isEmpty ? nil : LogprobsByText(top))
        }
        return Nullable(logprobs)
    }
}
