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
        let options = try sampling.generationOptions()
        let loaded = try Progress.during("loading the model") { try model.load() }
        if !sampling.greedy { loaded.model.generationDefaults.warn() }
        let plan = try plan.resolve(for: loaded.model, options: model.sessionOptions())
        let (templated, chatOptions) = try template.applied(to: loaded.model)
        var conversation = try Conversation(
            templated, options: model.sessionOptions(), system: system, template: chatOptions, plan: plan)
        if StandardInput.isTerminal { StandardError.write(greeting(loaded, plan)) }
        let editor = LineEditor(prompt: "> ")
        while let line = try editor.next() {
            guard !line.isEmpty else { continue }
            interrupt.reset()
            if let command = ChatCommand(line) {
                guard try run(command, in: &conversation) else { return }
            } else {
                try answer(line, in: &conversation, options: options, interrupt: interrupt)
            }
        }
        if StandardInput.isTerminal { StandardError.write("\n") }  // the shell's prompt gets a line of its own
    }

    private func answer(
        _ line: String, in conversation: inout Conversation, options: GenerationOptions, interrupt: Interrupt
    ) throws {
        var printer = TokenPrinter(isSilent: false, showsCycles: showCycles, plan: conversation.plan)
        let tokenizer = conversation.model.tokenizer
        let isFirst = conversation.answerCount == 0
        do {
            let (generation, rest) = try conversation.answer(
                line, options: options, isCancelled: { interrupt.isPressed },
                onPrompt: { ids in
                    if isFirst, let warning = tokenizer?.warning(forPrompt: ids) { StandardError.warn(warning) }
                },
                onToken: { try printer.print($0) })
            try printer.finish(rest)
            let defaults = conversation.model.generationDefaults
            if let notice = CutNotice.text(
                for: generation, asked: options, defaults: defaults,
                contextLength: conversation.model.configuration.contextLength)
            {
                StandardError.write("volley: \(notice)\n")
            }
            if stats {
                let summary = SamplingSummary(defaults, asked: options.sampling)
                let table = StatisticsTable(generation.statistics, sampling: summary, loadSeconds: nil)
                StandardError.write(table.text)
            }
        } catch let error as SessionError {
            StandardError.warn("\(error)")
        } catch let error as TokenizerError {
            StandardError.warn("\(error)")
        }
    }

    /// Returns false where the conversation ends.
    private func run(_ command: ChatCommand, in conversation: inout Conversation) throws -> Bool {
        switch command {
        case .leave: return false
        case .help: StandardError.write(ChatCommand.list + "\n")
        case .reset:
            try conversation.reset()
            StandardError.write("the conversation starts anew\n")
        case .factor(let request):
            StandardError.write(switchPlan(to: request, in: &conversation))
        case .badFactor(let error): StandardError.write("volley: \(error)\n")
        case .unknown(let line):
            StandardError.write("volley: '\(line)' is no command\n\(ChatCommand.list)\n")
        }
        return true
    }

    /// Returns what to tell the user.
    private func switchPlan(to request: PlanRequest, in conversation: inout Conversation) -> String {
        let configuration = conversation.model.stack.configuration
        let chosen = Result {
            let plan = try configuration.plan(for: request, rule: plan.rule.overrides)
            try conversation.use(plan)
            return plan
        }
        switch chosen {
        case .failure(let error): return "volley: \(error)\n"
        case .success(let plan):
            let warning = configuration.warning(for: plan).map { "volley: \($0)\n" } ?? ""
            return warning + "now decoding with \(plan.option)\n"
        }
    }

    private func greeting(_ loaded: LoadedModel, _ plan: any DecodePlan) -> String {
        "\(loaded.model.name), \(plan.option). /help lists commands, Ctrl-D ends.\n"
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
