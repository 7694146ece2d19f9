import ArgumentParser
import Foundation
import Measuring
import Volley

struct Tune: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Find the fastest factor or plan that keeps enough of vanilla's quality on your own questions.",
        discussion: """
            With --tasks, quality is the share of vanilla's right answers that a factor or plan keeps. With prompts, which have \
            no right answers, quality is how often the plan's most likely token equals vanilla's, after vanilla's own text. A \
            table of all plans is printed first, then the choice.

            EXAMPLES
              volley tune --model DMTD-Qwen3-4B --tasks gsm8k.jsonl --metric number --keep 98
              volley tune --keep 99 "Sort this list: 52 13 88 41 27 90" "What is 17 * 23?"
              volley tune --model DMTD-Qwen3-4B --file prompts.txt
              volley tune --model DMTD-Qwen3-4B --baseline Qwen3-4B --tasks gsm8k.jsonl --metric number
              volley tune --mtd off --adaptive 6 --tasks questions.jsonl --keep 99.5
              volley tune --plans layerskip:12,layerskip:16:2 "Sort this list: 52 13 88 41 27 90"
            """)

    @Argument(help: "Prompts.")
    var prompts: [String] = []

    @Option(
        parsing: .upToNextOption, help: ArgumentHelp("Text files of prompts, one per line.", valueName: "files"))
    var file: [String] = []

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp("JSONL files of questions and answers, as for `eval`.", valueName: "files"))
    var tasks: [String] = []

    @OptionGroup(title: "Model") var model: ModelOptions
    @OptionGroup(title: "Prompt cache") var cache: CacheOptions

    @Option(
        parsing: .unconditional, help: ArgumentHelp("Minimum quality, in percent of vanilla's.", valueName: "percent"))
    var keep = 99.0

    @OptionGroup(title: "Factors and plans, in addition to vanilla") var compared: ComparedPlans
    @OptionGroup(title: "Vanilla") var vanilla: BaselineOptions

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Also try adaptive cycles of up to N tokens, to find the threshold that keeps enough.", valueName: "n"))
    var adaptive: Int?

    @OptionGroup(title: "Questions and answers") var judging: JudgingOptions

    @Flag(help: "Print one JSON document instead of the table and the choice.")
    var json = false

    func validate() throws {
        if !(0...100).contains(keep) { throw ValidationError("--keep is \(keep); give a percentage from 0 to 100") }
        let hasPrompts = !prompts.isEmpty || !file.isEmpty
        if hasPrompts, !tasks.isEmpty { throw ValidationError("give prompts or --tasks, not both") }
        if !hasPrompts, tasks.isEmpty {
            throw ValidationError("no questions; give prompts, files of them with --file, or --tasks with answers")
        }
    }

    func run() throws {
        let interrupt = Interrupt()
        let options = try cache.applied(to: model.sessionOptions())
        let questions = try tasks.map { try EvaluationTask(path: $0, limit: judging.limit) }
        let prompts = try prompts + PromptFile.prompts(of: file)
        TextInput.noteUnread("prompts are arguments, or lines of a --file")
        let loaded = try Progress.during("loading the model") { try model.load(compared.drafts) }.model
        let models = try vanilla.models(beside: loaded, model)
        let asked = try compared.resolve(for: loaded, options: options) + adaptivePlans(for: loaded)
        let plans = vanilla.adjusted(
            asked.contains(where: \.isVanilla) ? asked : [.vanilla] + asked, for: models)
        let bar = ProgressBar("measuring")
        defer { bar.end() }
        let tuning: Tuning
        do {
            tuning = try Tuning(
                of: models, on: tasks.isEmpty ? .prompts(prompts) : .tasks(questions), plans: plans,
                least: keep / 100, options: options, maximumTokens: judging.maxTokens,
                metric: judging.metric,
                pattern: judging.pattern, progress: bar.show, isCancelled: { interrupt.isPressed })
        } catch is CancellationError {
            throw ExitCode(130)
        }
        bar.end()
        try StandardOutput.write(json ? try tuning.json() : tuning.text)
    }

    /// Adaptive cycles with thresholds that grow stricter, where right answers are usually lost.
    private func adaptivePlans(for model: Model) throws -> [any DecodePlan] {
        guard let adaptive else { return [] }
        return try [0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99].map { (threshold: Float) in
            let end = CycleEnd(maximum: adaptive, signal: AdaptivePlan.defaultSignal, threshold: threshold)
            return try model.configuration.plan(for: .adaptive(end), rule: compared.rule.overrides)
        }
    }
}

extension Tuning {
    /// The candidates as a table, and the choice as a sentence.
    fileprivate var text: String {
        let rows = candidates.map { candidate in
            [
                candidate.plan.title,
                candidate.speed > 0 ? String(format: "%.0f", candidate.speed) : "–",
                candidate.speedup.map { String(format: "%.2f×", $0) } ?? "–",
                candidate.kept.map { String(format: "%.1f %%", 100 * $0) } ?? "–",
                "\(candidate.quality.successCount) of \(candidate.quality.count)",
            ]
        }
        let header = ["", "tokens/s", "speedup", "kept of vanilla", measure.name]
        let note = baseline.map { "vanilla is \($0), the baseline\n" } ?? ""
        return TextTable(header: header, rows: rows).text + note + "\n" + sentence + "\n"
    }
}
