import Decoding
import Models
import Tokens

/// Puts questions to a model, and for vanilla to its baseline. Plans with the same layers and trunk/head split share a generator.
final class Examiner {
    private let models: ComparedModels
    private let tokenizer: Tokenizer
    private let sessionOptions: SessionOptions
    private let options: GenerationOptions
    private var generators: [Generator] = []

    struct Question {
        let prompt: [Int]
        /// The ids of the reference answer, with its end token.
        let reference: [Int]
    }

    struct Answer {
        let text: String
        let tokens: [GeneratedToken]
        let statistics: GenerationStatistics
        /// The layers of the answer's tokens, without the last, which is not run; empty if the plan skips none.
        let depths: DepthRecord
    }

    /// The model's prediction of one reference token.
    struct Prediction {
        /// The cycle index of the predicting pass.
        let cycleIndex: Int?
        let likeliest: Int
        /// The token's loss, in nats.
        let loss: Double
    }

    init(_ models: ComparedModels, options: SessionOptions, maximumTokens: Int) throws {
        self.models = models
        tokenizer = try models.model.requireTokenizer()
        sessionOptions = options
        self.options = GenerationOptions(maximumTokens: maximumTokens)
        try self.options.check()
    }

    /// A generator over the model as `plan` runs it, without tokens.
    private func generator(for plan: any DecodePlan) -> Generator {
        let model = models.model(for: plan)
        if let generator = generators.first(where: { $0.model.stack === model.stack && $0.suits(plan) }) {
            generator.reset()
            return generator
        }
        let generator = Generator(model, options: sessionOptions)
        generators.append(generator)
        return generator
    }

    /// The prompt's ids as in `volley generate`: in the chat template, if the model has one.
    func prompt(_ messages: [ChatMessage]) throws -> [Int] {
        guard tokenizer.hasChatTemplate else {
            return tokenizer.encode(messages.map(\.content).joined(separator: "\n"), addSpecial: true)
        }
        return tokenizer.encode(try rendered(messages), addSpecial: false)
    }

    /// The item's prompt and reference. The reference is the answer in the chat template, up to its end token.
    func question(_ item: EvaluationTask.Item) throws -> Question {
        guard tokenizer.hasChatTemplate else {
            return Question(
                prompt: try prompt(item.messages),
                reference: tokenizer.encode(item.answer, addSpecial: false, parseSpecial: false))
        }
        let prompt = try rendered(item.messages)
        let whole = try tokenizer.renderChat(
            item.messages + [ChatMessage(role: "assistant", content: item.answer)], addGenerationPrompt: false)
        let answer = whole.hasPrefix(prompt) ? String(whole.dropFirst(prompt.count)) : item.answer
        let ids = tokenizer.encode(answer, addSpecial: false)
        let end = ids.firstIndex { models.model.endTokens.contains($0) } ?? ids.count - 1
        return Question(prompt: tokenizer.encode(prompt, addSpecial: false), reference: Array(ids.prefix(end + 1)))
    }

    private func rendered(_ messages: [ChatMessage]) throws -> String {
        try tokenizer.renderChat(messages, addGenerationPrompt: true, enableThinking: false)
    }

    func answer(_ prompt: [Int], _ plan: any DecodePlan) throws -> Answer {
        let generator = generator(for: plan)
        try generator.begin(prompt, plan: plan, options: options)
        var (text, tokens) = ("", [GeneratedToken]())
        while let token = try generator.step() {
            text += token.text
            tokens.append(token)
        }
        return Answer(
            text: text + generator.flush(), tokens: tokens, statistics: generator.statistics,
            depths: generator.depths.suffix(from: prompt.count))
    }

    /// Each reference token as predicted from those before it, and the layers that the reference's tokens ran, without the last.
    /// The latter are empty if the plan skips no layers.
    func predictions(
        _ question: Question, _ plan: any DecodePlan
    ) throws -> (tokens: [Prediction], depths: DepthRecord) {
        let generator = generator(for: plan)
        let sequence = try generator.read(question.prompt, plan: plan)
        let predictions = try question.reference.map { token in
            let likeliest = logprobs(of: try generator.logits(), sampled: token, count: 1)
            try sequence.append(token)
            let own = likeliest.last { $0.id == token }?.logprob ?? -.infinity
            return Prediction(
                cycleIndex: sequence.cycleIndex(ofTokenAt: sequence.tokens.count - 1),
                likeliest: likeliest.first?.id ?? token, loss: -Double(own))
        }
        return (predictions, generator.depths.suffix(from: question.prompt.count))
    }
}
