import ArgumentParser
import Foundation
import Measuring
import Volley

struct Compare: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Answer prompts with several factors or plans, and compare texts and speed side by side.",
        discussion: """
            Answers are greedy. On a terminal the plans first race each other. Then they answer in turns: one round to warm \
            up, and --rounds timed rounds. Figures are medians. The byte limit is the speedup if speed depended only on the \
            bytes of weights, keys and values that must be read. `of limit` is decoding speed over the roofline at the memory \
            bandwidth measured in the same rounds. For a plan that skips layers or drafts tokens, the bytes are those of the \
            answer, where they are known. Perplexity is that of each text under the model's vanilla decoding: a measure of how \
            natural the text is to the model.

            EXAMPLES
              volley compare "Sort this list: 52 13 88 41 27 90"
              volley compare --mtd off,2,4,6 "What is the capital of France?" "What is 17 * 23?"
              volley compare --plans off,exit:20,layerskip:16:2 "Sort this list: 52 13 88 41 27 90"
              volley compare --model DMTD-Qwen3-4B --file prompts.txt --html report.html
              volley compare --model DMTD-Qwen3-4B --baseline Qwen3-4B --mtd off,4 "What is a heron?"
            """)

    @Argument(help: "The prompts.")
    var prompts: [String] = []

    @Option(
        parsing: .upToNextOption, help: ArgumentHelp("Text files of prompts, one per line.", valueName: "files"))
    var file: [String] = []

    @OptionGroup(title: "Model") var model: ModelOptions
    @OptionGroup(title: "Prompt cache") var cache: CacheOptions

    @OptionGroup(title: "Factors and plans") var compared: ComparedPlans
    @OptionGroup(title: "Vanilla") var vanilla: BaselineOptions

    @Option(parsing: .unconditional, help: ArgumentHelp("Maximum tokens of an answer.", valueName: "n"))
    var maxTokens = 256

    @Option(parsing: .unconditional, help: ArgumentHelp("Timed rounds.", valueName: "n"))
    var rounds = 5

    @Flag(inversion: .prefixedNo, help: "Show a race of the plans first, if standard error is a terminal.")
    var race = true

    @Flag(help: "Print one JSON document instead of tables.")
    var json = false

    @Option(help: ArgumentHelp("Write the comparison as a self-contained HTML page.", valueName: "file"))
    var html: String?

    func validate() throws {
        if maxTokens < 1 { throw ValidationError("--max-tokens is \(maxTokens); give 1 or more") }
        if rounds < 1 { throw ValidationError("--rounds is \(rounds); give 1 or more") }
        if prompts.isEmpty, file.isEmpty {
            throw ValidationError("no prompt; give some as arguments, or files of them with --file")
        }
    }

    func run() throws {
        let interrupt = Interrupt()
        let options = try cache.applied(to: model.sessionOptions())
        let prompts = try prompts + PromptFile.prompts(of: file)
        TextInput.noteUnread("prompts are arguments, or lines of a --file")
        let loaded = try Progress.during("loading the model") { try model.load(compared.drafts) }.model
        let models = try vanilla.models(beside: loaded, model)
        let plans = vanilla.adjusted(try compared.resolve(for: loaded, options: options), for: models)
        do {
            let comparer = try Comparer(models, plans: plans, options: options, maximumTokens: maxTokens)
            var comparisons: [Comparison] = []
            for prompt in prompts {
                if race, let view = RaceView.forStandardError() {
                    let race = try Race(
                        of: models, on: prompt, plans: plans, options: options, maximumTokens: maxTokens,
                        isCancelled: { interrupt.isPressed })
                    defer { view.end() }
                    repeat { view.show(race) } while try race.step()
                    view.linger(race)
                }
                let comparison = try Progress.during("answering") {
                    try comparer.compare(prompt, rounds: rounds, isCancelled: { interrupt.isPressed })
                }
                comparisons.append(comparison)
                if !json { try show(comparison, isFirst: comparisons.count == 1) }
            }
            try report(comparisons, of: models)
        } catch is CancellationError {
            throw ExitCode(130)
        }
    }

    private func show(_ comparison: Comparison, isFirst: Bool) throws {
        let text = ComparisonText(comparison, width: StandardOutput.width ?? 80).text
        try StandardOutput.write((isFirst ? "" : "\n") + text)
    }

    private func report(_ comparisons: [Comparison], of models: ComparedModels) throws {
        let summary = ComparisonSummary(comparisons)
        let setting = ComparisonSetting(
            models, kvFormat: model.kv, processor: Machine.processor, instructionSet: InstructionSet.best.rawValue,
            threads: model.sessionOptions().threadCount, rounds: rounds, version: Version.text)
        if json {
            try StandardOutput.write(ComparisonDocument(comparisons, setting).json())
        } else {
            if comparisons.count > 1 {
                try StandardOutput.write("\n" + ComparisonText.table(of: summary, promptCount: comparisons.count))
            }
            if let baseline = setting.baseline { try StandardOutput.write("vanilla is \(baseline), the baseline\n") }
        }
        if let html {
            let page = ComparisonPage(comparisons, summary: summary, setting: setting)
            try WholeFile.write(Data(page.html.utf8), to: html)
        }
    }
}
