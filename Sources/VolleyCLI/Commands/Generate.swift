import ArgumentParser
import Volley

struct Generate: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Generate text from a prompt.",
        discussion: """
            Without PROMPT, text is read from standard input. With PROMPT, piped text follows it after a blank line. A pipe \
            that sends nothing for 3 seconds is not read, nor is a file that another program has begun to read. In a loop \
            that reads a pipe, add < /dev/null. A model with a chat template answers the prompt as a user's message; --raw \
            continues it as plain text. Tokens are sampled as the model's makers recommend (generation_config.json, or \
            general.sampling in a GGUF file), otherwise greedily; --stats shows the parameters.

            EXAMPLES
              volley generate --model Qwen3-0.6B "What is a heron?"
              volley generate --model DMTD-Qwen3-4B --mtd 4 --stats "Why is the sky blue?"
              volley generate --model model.gguf --raw --temperature 0.8 --seed 7 < story.txt
              volley generate --model Qwen3-0.6B --json-schema person.json "Who wrote Hamlet?"
              git diff | volley generate --model Qwen3-0.6B --greedy "Summarise this change:"
            """)

    @Argument(help: "The prompt.")
    var prompt: String?

    @OptionGroup(title: "Model") var model: ModelOptions
    @OptionGroup(title: "Prompt cache") var cache: CacheOptions
    @OptionGroup(title: "Prompt") var promptOptions: PromptOptions
    @OptionGroup(title: "Decoding") var plan: PlanOptions
    @OptionGroup(title: "Sampling") var sampling: SamplingOptions
    @OptionGroup(title: "Constraint") var constraint: ConstraintOptions

    @Flag(
        help: """
            Report how often vanilla would have chosen the same token, which refreshed head history tells at no further reading of \
            weights (with --stats and --json).
            """)
    var meter = false

    @Flag(help: "Print one JSON document instead of the text.")
    var json = false

    @Flag(help: "Print speed, passes and memory to standard error.")
    var stats = false

    @Flag(help: "Colour each token by its cycle index (on a terminal).")
    var showCycles = false

    @Option(
        help: ArgumentHelp(
            "Write the logits after the last token as little-endian float32.", valueName: "file"))
    var dumpLogits: String?

    func validate() throws { try promptOptions.check(prompt: prompt) }

    func run() throws {
        let interrupt = Interrupt()
        var asked = try sampling.generationOptions()
        asked.constraint = try constraint.constraint()
        asked.thinkingBudget = promptOptions.template.think?.budget
        let sessionOptions = try cache.applied(to: model.sessionOptions())
        let loaded = try Progress.during("loading the model") { try model.load(self.plan.drafts) }
        let defaults = loaded.model.generationDefaults
        var options = asked.filled(from: defaults)
        options.isMetered = meter
        if !sampling.greedy { defaults.warn() }
        if !options.stops.isEmpty { _ = try loaded.model.requireTokenizer() }
        let promptTokens = try promptOptions.tokens(prompt: prompt, model: loaded.model) { interrupt.isPressed }
        if let warning = loaded.model.tokenizer?.warning(forPrompt: promptTokens) { StandardError.warn(warning) }
        let plan = try plan.resolve(for: loaded.model, options: sessionOptions)
        let generator = Generator(loaded.model, options: sessionOptions)
        try generator.begin(
            promptTokens, plan: plan, options: options, readsLogits: dumpLogits != nil,
            isCancelled: { interrupt.isPressed })

        let record = try stream(generator, plan: plan)
        if let dumpLogits {
            try LogitsFile.write(generator.logits(), to: dumpLogits)
        }
        generator.finishMetering()
        let summary = SamplingSummary(defaults, asked: asked.sampling)
        if json {
            let report = GenerationReport(
                loaded: loaded, plan: plan, prompt: promptTokens, record: record, generator: generator,
                sampling: summary)
            try StandardOutput.write(report.json())
        }
        if let notice = ChoiceNotice.text(for: generator.chooser) { StandardError.write("volley: \(notice)\n") }
        if stats {
            let depths = plan.skipsLayers ? generator.depths : nil
            let table = StatisticsTable(
                generator.statistics, plan: plan, sampling: summary, loadSeconds: loaded.seconds, depths: depths)
            StandardError.write(table.text)
        }
        if loaded.model.tokenizer == nil, !json {
            StandardError.warn("\(loaded.model.name) has no tokenizer to write text with; --json prints the token ids")
        }
        let contextLength = loaded.model.configuration.contextLength
        if !json,
            let notice = CutNotice.text(
                for: generator, asked: asked, defaults: defaults, contextLength: contextLength)
        {
            StandardError.warn(notice)
        }
        if generator.finishReason == .cancelled { throw ExitCode(130) }
    }

    /// Prints tokens as they come, except for `--json`. Returns all of them.
    private func stream(_ generator: Generator, plan: any DecodePlan) throws -> GenerationRecord {
        var record = GenerationRecord()
        var printer = TokenPrinter(isSilent: json, showsCycles: showCycles, plan: plan)
        let waiting = Progress("reading the prompt")
        defer { waiting.end() }
        while let token = try generator.step() {
            waiting.end()
            record.append(token)
            try printer.print(token)
        }
        let rest = generator.flush()
        record.text += rest
        try printer.finish(rest)
        return record
    }
}
