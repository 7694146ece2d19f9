import ArgumentParser
import Volley

struct Chat: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Talk with a model.",
        discussion: """
            Ctrl-C stops an answer and keeps the conversation, Ctrl-D ends it.

            \(ChatCommand.list)
            """)

    @OptionGroup(title: "Model") var model: ModelOptions
    @OptionGroup(title: "Decoding") var plan: PlanOptions
    @OptionGroup(title: "Sampling") var sampling: SamplingOptions

    @Option(parsing: .unconditional, help: ArgumentHelp("System message.", valueName: "text"))
    var system: String?

    @OptionGroup var template: TemplateOptions

    @Flag(help: "Print speed and passes after each answer.")
    var stats = false

    @Flag(help: "Colour each token by its place in the cycle.")
    var showCycles = false

    func run() throws {
        let interrupt = Interrupt()
        let loaded = try Progress.during("loading the model") { try model.load() }
        if !sampling.greedy { loaded.model.generationDefaults.warn() }
        let plan = try plan.resolve(for: loaded.model, options: model.sessionOptions())
        let (templated, chatOptions) = try template.applied(to: loaded.model)
        var talk = try Talk(
            templated, sessionOptions: model.sessionOptions(), options: try sampling.generationOptions(),
            template: chatOptions, system: system, plan: plan)
        if StandardInput.isTerminal { StandardError.write(greeting(loaded, plan)) }
        let editor = LineEditor(prompt: "> ")
        while let line = try editor.next() {
            guard !line.isEmpty else { continue }
            interrupt.reset()
            if let command = ChatCommand(line) {
                guard run(command, in: &talk) else { return }
            } else {
                try answer(line, in: &talk, interrupt: interrupt)
            }
        }
        if StandardInput.isTerminal { StandardError.write("\n") }  // the shell's prompt gets a line of its own
    }

    private func answer(_ line: String, in talk: inout Talk, interrupt: Interrupt) throws {
        var printer = TokenPrinter(isSilent: false, showsCycles: showCycles, plan: talk.plan)
        do {
            let rest = try talk.answer(line, isCancelled: { interrupt.isPressed }) { try printer.print($0) }
            try printer.finish(rest)
            let model = talk.generator.model
            if let notice = CutNotice.text(
                for: talk.generator, asked: talk.options, defaults: model.generationDefaults,
                contextLength: model.configuration.contextLength)
            {
                StandardError.write("volley: \(notice)\n")
            }
            if stats {
                let summary = SamplingSummary(model.generationDefaults, asked: talk.options.sampling)
                let table = StatisticsTable(talk.generator.statistics, sampling: summary, loadSeconds: nil)
                StandardError.write(table.text)
            }
        } catch let error as SessionError {
            StandardError.warn("\(error)")
        } catch let error as TokenizerError {
            StandardError.warn("\(error)")
        }
    }

    /// Returns false where the conversation ends.
    private func run(_ command: ChatCommand, in talk: inout Talk) -> Bool {
        switch command {
        case .leave: return false
        case .help: StandardError.write(ChatCommand.list + "\n")
        case .reset:
            talk.reset()
            StandardError.write("the conversation starts anew\n")
        case .factor(let request):
            StandardError.write(switchPlan(to: request, in: &talk))
        case .badFactor(let error): StandardError.write("volley: \(error)\n")
        case .unknown(let line):
            StandardError.write("volley: '\(line)' is no command\n\(ChatCommand.list)\n")
        }
        return true
    }

    /// Returns what to tell the user.
    private func switchPlan(to request: PlanRequest, in talk: inout Talk) -> String {
        let configuration = talk.generator.model.configuration
        do throws(PlanError) {
            talk.plan = try configuration.plan(for: request, rule: plan.rule.overrides)
        } catch {
            return "volley: \(error)\n"
        }
        let warning = talk.plan.warning(for: configuration).map { "volley: \($0)\n" } ?? ""
        return warning + "now decoding with \(talk.plan.option)\n"
    }

    private func greeting(_ loaded: LoadedModel, _ plan: any DecodePlan) -> String {
        "\(loaded.model.name), \(plan.option). /help lists commands, Ctrl-D ends.\n"
    }
}

/// A conversation: its messages, and the generator that has read them.
///
/// Each turn renders all messages; the generator keeps what it has read of them, so that an answer is what a fresh one would
/// give.
private struct Talk {
    let generator: Generator
    let options: GenerationOptions
    /// How the next answer is decoded.
    var plan: any DecodePlan

    private let template: ChatOptions
    private let system: String?
    private var messages: [ChatMessage] = []

    /// - Throws: `GenerationError` for a model without tokenizer or chat template.
    init(
        _ model: Model, sessionOptions: SessionOptions, options: GenerationOptions, template: ChatOptions,
        system: String?, plan: any DecodePlan
    ) throws {
        guard try model.requireTokenizer().hasChatTemplate else {
            throw GenerationError.noChatTemplate(model: model.name)
        }
        generator = Generator(model, options: sessionOptions)
        self.options = options
        self.template = template
        self.system = system
        self.plan = plan
        reset()
    }

    /// Forgets every message but the system's.
    mutating func reset() { messages = system.map { [ChatMessage(role: "system", content: $0)] } ?? [] }

    /// Answers `text`. A cancelled answer stays in the conversation as far as it got.
    ///
    /// - Returns: the text that a cancelled answer held back.
    /// - Throws: `SessionError.promptTooLong` where the conversation has outgrown the context; the message is then
    ///   taken back.
    mutating func answer(
        _ text: String, isCancelled: @escaping @Sendable () -> Bool, onToken: (GeneratedToken) throws -> Void
    ) throws -> String {
        messages.append(ChatMessage(role: "user", content: text))
        do {
            try begin(isCancelled: isCancelled)
        } catch {
            messages.removeLast()
            throw error
        }
        var answer = ""
        defer { messages.append(ChatMessage(answer: answer, generator.model.tokenizer, template)) }
        while let token = try generator.step() {
            answer += token.text
            try onToken(token)
        }
        let rest = generator.flush()
        answer += rest
        return rest
    }

    private func begin(isCancelled: @escaping @Sendable () -> Bool) throws {
        let model = generator.model
        let prompt = try model.tokens(of: messages, template)
        let isFirst = !messages.contains { $0.role == "assistant" }
        if isFirst, let warning = model.tokenizer?.warning(forPrompt: prompt) { StandardError.warn(warning) }
        try generator.begin(
            prompt, isWhole: true, plan: plan, options: options.filled(from: model.generationDefaults),
            isCancelled: isCancelled)
    }
}

/// A line of a chat that begins with a slash.
enum ChatCommand {
    case factor(PlanRequest)
    case badFactor(PlanError)
    case reset
    case help
    case leave
    case unknown(String)

    static let list = """
        /mtd off|N   decode with another factor
        /reset       forget the conversation
        /help        this list
        /exit        end (or Ctrl-D)
        """

    /// Nil for a line that is a message.
    init?(_ line: String) {
        guard line.hasPrefix("/") else { return nil }
        let words = line.split(separator: " ").map(String.init)
        switch (words.first, words.count) {
        case ("/mtd", 2): self.init(factor: words[1])
        case ("/reset", 1): self = .reset
        case ("/help", 1): self = .help
        case ("/exit", 1): self = .leave
        default: self = .unknown(line)
        }
    }

    private init(factor text: String) {
        do throws(PlanError) {
            self = .factor(try PlanRequest(factor: text))
        } catch {
            self = .badFactor(error)
        }
    }
}
