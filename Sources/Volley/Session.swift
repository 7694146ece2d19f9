public import Decoding
import Models
import Synchronization
public import Tokens

/// A text or a conversation on its way through a model; any number of them share one.
///
/// A session remembers every token, so that each generation goes on where the last one ended. It runs one generation at
/// a time, on threads of its own: `SessionOptions.threadCount` of them, one for what is between the passes too.
public actor Session {
    /// What it generates with.
    public nonisolated let model: Model
    /// How it computes and what it remembers.
    public nonisolated let options: SessionOptions

    /// Whether some iterator has the session; set and cleared by `Turn` alone.
    fileprivate nonisolated let isTaken = Atomic(false)
    private nonisolated let thread = ComputeThread()
    private let generator: Generator
    /// The plan that was measured last, by its request's name.
    private var measured: (name: String, plan: any DecodePlan)?

    init(model: Model, options: SessionOptions) {
        self.model = model
        self.options = options
        generator = Generator(model, options: options)
    }

    /// The session's own thread.
    public nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    /// Every token so far, read and generated.
    public var tokens: [Int] { generator.tokens }

    /// Starts a generation from `prompt`. Called by one turn at a time.
    func begin(_ prompt: Prompt, plan: PlanRequest, options: GenerationOptions) throws {
        let plan = try self.plan(for: plan)
        if !options.stops.isEmpty { _ = try model.requireTokenizer() }
        try generator.begin(
            try prompt.tokens(for: model, isFirst: tokens.isEmpty), isWhole: prompt.isWhole, plan: plan,
            options: options.filled(from: model.generationDefaults))
    }

    /// A plan that had to be measured is not measured again.
    private func plan(for request: PlanRequest) throws -> any DecodePlan {
        if request.isMeasured, let measured, measured.name == request.description { return measured.plan }
        let plan = try model.plan(for: request, options: options)
        if request.isMeasured { measured = (request.description, plan) }
        return plan
    }

    /// The next token, nil at the end, and how the generation stands.
    func step() throws -> (token: GeneratedToken?, progress: Generation.Progress) {
        let token = try generator.step()
        let progress = Generation.Progress(finishReason: generator.finishReason, statistics: generator.statistics)
        return (token, progress)
    }
}

extension Model {
    /// A session of its own with this model; options that make no sense are refused by its first generation.
    public func session(_ options: SessionOptions = SessionOptions()) -> Session {
        Session(model: self, options: options)
    }
}

extension Session {
    /// Goes on with `text` as it stands, without the chat template, and then generates.
    ///
    /// Nothing is done, and nothing refused, before the sequence is asked for its first token.
    public nonisolated func generate(
        _ text: String, plan: PlanRequest = .automatic, options: GenerationOptions = GenerationOptions()
    ) -> Generation {
        Generation(self, .text(text), plan: plan, options: options)
    }

    /// Goes on with token ids, nothing added, and then generates.
    public nonisolated func generate(
        _ tokens: [Int], plan: PlanRequest = .automatic, options: GenerationOptions = GenerationOptions()
    ) -> Generation {
        Generation(self, .tokens(tokens), plan: plan, options: options)
    }

    /// Answers a conversation, in the model's chat template.
    ///
    /// `messages` are the whole conversation, and the session's tokens become those of it. What it has read of it already,
    /// as it has of every earlier turn, is not read again: the answer is what a fresh session would give.
    ///
    /// - Parameters:
    ///   - messages: from the system's or the first question to the one that is to be answered.
    ///   - thinking: false asks a model that can think not to; nil leaves it to the template.
    ///   - plan: how tokens are decoded.
    ///   - options: how they are drawn, and what ends the answer.
    public nonisolated func generate(
        chat messages: [ChatMessage], thinking: Bool? = nil, plan: PlanRequest = .automatic,
        options: GenerationOptions = GenerationOptions()
    ) -> Generation {
        generate(chat: messages, template: ChatOptions(thinking: thinking), plan: plan, options: options)
    }

    /// Answers a conversation as `generate(chat:thinking:plan:options:)` does, with tools, documents and further variables
    /// of the model's chat template.
    public nonisolated func generate(
        chat messages: [ChatMessage], template: ChatOptions, plan: PlanRequest = .automatic,
        options: GenerationOptions = GenerationOptions()
    ) -> Generation {
        Generation(self, .chat(messages, template), plan: plan, options: options)
    }
}

/// The right to use a session, which ends with the object.
final class Turn: Sendable {
    private let session: Session

    /// Nil where another has it.
    init?(of session: Session) {
        guard !session.isTaken.exchange(true, ordering: .acquiringAndReleasing) else { return nil }
        self.session = session
    }

    deinit { session.isTaken.store(false, ordering: .releasing) }
}
