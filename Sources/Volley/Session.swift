public import Decoding
import Models
import Synchronization
public import Tokens

/// Generates a text or a conversation with a model. Any number of sessions share a model.
///
/// A session remembers every token, so that each generation continues where the last one ended. It runs one generation at a
/// time, on `SessionOptions.threadCount` threads of its own; one of them also does the work between passes.
public actor Session {
    public nonisolated let model: Model
    public nonisolated let options: SessionOptions

    /// Whether a generation holds the session; set and cleared by `SessionLease` only.
    nonisolated let isTaken = Atomic(false)
    private nonisolated let thread = ComputeThread()
    let generator: Generator
    /// The messages in the file that the session was restored from; empty without one.
    public internal(set) var savedConversation: [ChatMessage] = []
    /// The last plan that needed a measurement, with the name of its request.
    private(set) var measured: (name: String, plan: any DecodePlan)?

    init(model: Model, options: SessionOptions) {
        self.init(model: model, options: options, generator: Generator(model, options: options), measured: nil)
    }

    init(
        model: Model, options: SessionOptions, generator: sending Generator, measured: (String, any DecodePlan)?
    ) {
        self.model = model
        self.options = options
        self.generator = generator
        self.measured = measured
    }

    /// The session's own thread.
    public nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    /// Every token so far, prompt and generated.
    public var tokens: [Int] { generator.tokens }

    /// Starts a generation from `prompt`. The caller holds the session's lease.
    func begin(
        _ prompt: Prompt, plan: PlanRequest, options: GenerationOptions, selection: TokenSelection
    ) throws {
        let plan = try self.plan(for: plan)
        if !options.stops.isEmpty { _ = try model.requireTokenizer() }
        try generator.begin(
            try prompt.tokens(for: model, isFirst: tokens.isEmpty), isWhole: prompt.isWhole, plan: plan,
            options: options.filled(from: model.generationDefaults), selection: selection)
    }

    /// The plan of `request`; the last measured plan is reused.
    func plan(for request: PlanRequest) throws -> any DecodePlan {
        if request.isMeasured, let measured, measured.name == request.description { return measured.plan }
        let plan = try model.plan(for: request, options: options)
        if request.isMeasured { measured = (request.description, plan) }
        return plan
    }

    /// The next token, nil at the end, and the state of the generation.
    func step() throws -> (token: GeneratedToken?, progress: Generation.Progress) {
        let token = try generator.step()
        let progress = Generation.Progress(finishReason: generator.finishReason, statistics: generator.statistics)
        return (token, progress)
    }
}

extension Model {
    /// Makes a session with this model. Its first generation throws for invalid options.
    public func session(_ options: SessionOptions = SessionOptions()) -> Session {
        Session(model: self, options: options)
    }
}

extension Session {
    /// Continues with `text`, without the chat template, and then generates.
    ///
    /// The work begins, and errors are thrown, when the first token is asked for.
    public nonisolated func generate(
        _ text: String, plan: PlanRequest = .automatic, options: GenerationOptions = GenerationOptions(),
        selection: TokenSelection = TokenSelection()
    ) -> Generation {
        Generation(self, .text(text), plan: plan, options: options, selection: selection)
    }

    /// Continues with token ids, adding no others, and then generates.
    public nonisolated func generate(
        _ tokens: [Int], plan: PlanRequest = .automatic, options: GenerationOptions = GenerationOptions(),
        selection: TokenSelection = TokenSelection()
    ) -> Generation {
        Generation(self, .tokens(tokens), plan: plan, options: options, selection: selection)
    }

    /// Answers a conversation, in the model's chat template.
    ///
    /// `messages` are the whole conversation, and become the session's tokens. Earlier turns that the session has already
    /// computed are reused. The answer is the same as in a new session.
    ///
    /// - Parameters:
    ///   - messages: all messages, from the system prompt or first question to the one to answer.
    ///   - thinking: false asks a model that can think not to; nil for the template's default.
    ///   - plan: how tokens are decoded.
    ///   - options: how tokens are sampled, and what ends the answer.
    ///   - selection: logit processors, and a sampler in place of the default one.
    public nonisolated func generate(
        chat messages: [ChatMessage], thinking: Bool? = nil, plan: PlanRequest = .automatic,
        options: GenerationOptions = GenerationOptions(), selection: TokenSelection = TokenSelection()
    ) -> Generation {
        generate(
            chat: messages, template: ChatOptions(thinking: thinking), plan: plan, options: options,
            selection: selection)
    }

    /// Answers a conversation as `generate(chat:thinking:plan:options:selection:)` does, with tools, documents and
    /// further variables of the model's chat template.
    public nonisolated func generate(
        chat messages: [ChatMessage], template: ChatOptions, plan: PlanRequest = .automatic,
        options: GenerationOptions = GenerationOptions(), selection: TokenSelection = TokenSelection()
    ) -> Generation {
        Generation(self, .chat(messages, template), plan: plan, options: options, selection: selection)
    }
}
