import TestSupport
import Testing
import Volley

/// Makes some tokens more or less likely: the processor that the documentation writes.
private struct LogitBias: LogitProcessor {
    let biases: [Int: Float]

    mutating func process(_ logits: inout MutableSpan<Float>) {
        for (token, bias) in biases where logits.indices.contains(token) { logits[token] += bias }
    }
}

/// Lets one of several token sequences follow, and then an end token: the grammar that the documentation writes.
private struct Choice: LogitProcessor {
    /// The sequences, each with an end token behind it.
    let choices: [[Int]]
    private var written: [Int] = []

    init(_ choices: [[Int]]) { self.choices = choices }

    mutating func observe(_ token: Int, isGenerated: Bool) {
        if isGenerated { written.append(token) }
    }

    func allowedTokens() -> [Int]? {
        choices.filter { $0.starts(with: written) && $0.count > written.count }.map { $0[written.count] }
    }
}

struct TokenSelectionTests {
    private static func text(_ generation: Generation) async throws -> String {
        var text = ""
        for try await token in generation { text += token.text }
        return text
    }

    @Test(
        "the documentation's processors: a bias, and one of several answers",
        arguments: [PlanRequest.vanilla, .multiToken(4)])
    func documented(_ plan: PlanRequest) async throws {
        let model = try await Model.load(Goldens.embedded)
        let tokenizer = try #require(model.tokenizer)
        let end = try #require(model.endTokens.first)
        let chat = [ChatMessage.user("Sort this list: 73 27 43 37 19")]
        let answers = ["yes", "no", "perhaps not"].map { tokenizer.encode($0, addSpecial: false) + [end] }
        let session = model.session(SessionOptions(threadCount: 1))
        let choice = TokenSelection(processors: [Choice(answers)])
        let generation = session.generate(chat: chat, plan: plan, selection: choice)
        #expect(try await ["yes", "no", "perhaps not"].contains(Self.text(generation)))
        #expect(generation.finishReason == .stop)
        let never = Dictionary(uniqueKeysWithValues: model.endTokens.map { ($0, -Float.infinity) })
        let bias = TokenSelection(processors: [LogitBias(biases: never)])
        let endless = session.generate(
            chat: chat, plan: plan, options: GenerationOptions(maximumTokens: 40), selection: bias)
        _ = try await Self.text(endless)
        #expect(endless.finishReason == .length)
    }
}
