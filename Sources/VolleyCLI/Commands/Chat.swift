import ArgumentParser
import Volley

struct Chat: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Conversation with a model.",
        discussion: """
            Ctrl-C stops an answer and keeps the conversation; Ctrl-D ends the conversation.

            \(ChatCommand.list)
            """)

    @OptionGroup(title: "Model") var model: ModelOptions
    @OptionGroup(title: "Prompt cache") var cache: CacheOptions
    @OptionGroup(title: "Decoding") var plan: PlanOptions
    @OptionGroup(title: "Sampling") var sampling: SamplingOptions

    @Option(parsing: .unconditional, help: ArgumentHelp("System message.", valueName: "text"))
    var system: String?

    @Option(
        help: ArgumentHelp(
            "Continue the conversation in this file, and save it there after each answer.", valueName: "file"))
    var session: String?

    @OptionGroup var template: TemplateOptions

    @Flag(help: "Print speed and passes after each answer.")
    var stats = false

    @Flag(help: "Colour each token by its cycle index.")
    var showCycles = false

    func run() throws {
        let interrupt = Interrupt()
        let sessionOptions = try cache.applied(to: model.sessionOptions())
        let loaded = try Progress.during("loading the model") { try model.load(self.plan.drafts) }
        if !sampling.greedy { loaded.model.generationDefaults.warn() }
        let plan = try plan.resolve(for: loaded.model, options: sessionOptions)
        let (templated, chatOptions) = try template.applied(to: loaded.model)
        var options = try sampling.generationOptions()
        options.thinkingBudget = template.think?.budget
        var conversation = try Conversation(
            templated, sessionOptions: sessionOptions, options: options, template: chatOptions, system: system,
            plan: plan, path: session)
        if StandardInput.isTerminal { StandardError.write(greeting(loaded, plan)) }
        if let session, conversation.isResumed {
            StandardError.write("volley: the conversation in \(session) goes on\n")
        }
        let editor = LineEditor(prompt: "> ")
        while let line = try editor.next() {
            guard !line.isEmpty else { continue }
            interrupt.reset()
            if let command = ChatCommand(line) {
                guard run(command, in: &conversation) else { return }
            } else {
                try answer(line, in: &conversation, interrupt: interrupt)
            }
        }
        if StandardInput.isTerminal { StandardError.write("\n") }  // the shell's prompt gets a line of its own
    }

    private func answer(_ line: String, in conversation: inout Conversation, interrupt: Interrupt) throws {
        var printer = TokenPrinter(isSilent: false, showsCycles: showCycles, plan: conversation.plan)
        do {
            let rest = try conversation.answer(line, isCancelled: { interrupt.isPressed }) { try printer.print($0) }
            try printer.finish(rest)
            try conversation.save()
            let model = conversation.generator.model
            if let notice = CutNotice.text(
                for: conversation.generator, asked: conversation.options, defaults: model.generationDefaults,
                contextLength: model.configuration.contextLength)
            {
                StandardError.write("volley: \(notice)\n")
            }
            if stats, let notice = ChoiceNotice.text(for: conversation.generator.chooser) {
                StandardError.write("volley: \(notice)\n")
            }
            if stats {
                let summary = SamplingSummary(model.generationDefaults, asked: conversation.options.sampling)
                let table = StatisticsTable(
                    conversation.generator.statistics, plan: conversation.plan, sampling: summary, loadSeconds: nil)
                StandardError.write(table.text)
            }
        } catch let error as SessionError {
            StandardError.warn("\(error)")
        } catch let error as SessionFileError {
            StandardError.warn("\(error)")
        } catch let error as TokenizerError {
            StandardError.warn("\(error)")
        }
    }

    /// Runs a command. Returns false if it ends the conversation.
    private func run(_ command: ChatCommand, in conversation: inout Conversation) -> Bool {
        switch command {
        case .leave: return false
        case .help: StandardError.write(ChatCommand.list + "\n")
        case .reset:
            conversation.reset()
            StandardError.write("the conversation is reset\n")
        case .factor(let request):
            StandardError.write(switchPlan(to: request, in: &conversation))
        case .badFactor(let error): StandardError.write("volley: \(error)\n")
        case .unknown(let line):
            StandardError.write("volley: there is no command '\(line)'\n\(ChatCommand.list)\n")
        }
        return true
    }

    /// Changes the plan of the next answers. Returns a message for the user.
    private func switchPlan(to request: PlanRequest, in conversation: inout Conversation) -> String {
        let configuration = conversation.generator.model.configuration
        do throws(PlanError) {
            conversation.plan = try configuration.plan(for: request, rule: plan.rule.overrides)
        } catch {
            return "volley: \(error)\n"
        }
        let warning = conversation.plan.warning(for: configuration).map { "volley: \($0)\n" } ?? ""
        return warning + "now decoding with \(conversation.plan.option)\n"
    }

    private func greeting(_ loaded: LoadedModel, _ plan: any DecodePlan) -> String {
        "\(loaded.model.name), \(plan.option). /help lists commands, Ctrl-D ends.\n"
    }
}
