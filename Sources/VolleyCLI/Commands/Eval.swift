import ArgumentParser
import Foundation
import Measuring
import Volley

struct Eval: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measure the quality of each factor's or plan's answers on tasks, and its speed.",
        discussion: """
            Tasks are JSONL files of {"prompt" | "question" | "messages", "answer"}. An optional "metric" defines how answers \
            are judged. An optional "pattern" is a regular expression that finds the answer in a text: the first group of its \
            last match, or the whole match, is compared with the reference. Answers are greedy. Besides accuracy, the report \
            shows the loss on the reference answers, and how often passes at each cycle index agree with vanilla after the \
            same text. For plans that skip layers it also shows, for each task, the share of vanilla's right answers that they \
            keep, and the mean and variance of the layers per token.

            EXAMPLES
              volley eval --limit 50
              volley eval --model DMTD-Qwen3-4B --tasks gsm8k.jsonl --metric number --limit 200
              volley eval --model DMTD-Qwen3-4B --tasks mmlu.jsonl --pattern 'Answer: ([A-D])'
              volley eval --model model --tasks sort.jsonl sum.jsonl --mtd off,2,4
              volley eval --model DMTD-Qwen3-4B --baseline Qwen3-4B --tasks gsm8k.jsonl --metric number
              volley eval --model FlexiDepth-Llama-3-8B-Instruct --tasks copy.jsonl sum.jsonl --markdown \\
                --plans off,flexidepth,exit:24,shortgpt:8,confidence:0.98
            """)

    @OptionGroup(title: "Model") var model: ModelOptions
    @OptionGroup(title: "Prompt cache") var cache: CacheOptions

    @Option(
        parsing: .upToNextOption, help: ArgumentHelp("JSONL files (default: the embedded model's).", valueName: "files")
    )
    var tasks: [String] = []

    @OptionGroup(title: "Factors and plans") var compared: ComparedPlans
    @OptionGroup(title: "Vanilla") var vanilla: BaselineOptions

    @OptionGroup(title: "Questions and answers") var judging: JudgingOptions

    @Flag(help: "Print one JSON document, or Markdown tables (default: plain tables).")
    var form: Form?

    @Option(help: ArgumentHelp("Write a plot of quality kept against speedup as SVG.", valueName: "file"))
    var plot: String?

    @Option(help: ArgumentHelp("Write a plot of quality kept against tokens per trunk pass as SVG.", valueName: "file"))
    var frontier: String?

    enum Form: String, EnumerableFlag {
        case json
        case markdown
    }

    func run() throws {
        let interrupt = Interrupt()
        let options = try cache.applied(to: model.sessionOptions())
        let files = tasks.isEmpty ? try Embedded().tasks : tasks
        let tasks = try files.map { try EvaluationTask(path: $0, limit: judging.limit) }
        let loaded = try Progress.during("loading the model") { try model.load(compared.drafts) }.model
        let models = try vanilla.models(beside: loaded, model)
        let plans = vanilla.adjusted(
            try compared.resolve(for: loaded, options: options), for: models)
        let total = tasks.reduce(0) { $0 + $1.items.count }
        let bar = ProgressBar("evaluating")
        var (evaluations, done) = ([Evaluation](), 0)
        for task in tasks {
            evaluations.append(
                try Evaluation(
                    of: models, on: task, plans: plans, options: options,
                    maximumTokens: judging.maxTokens,
                    metric: judging.metric, pattern: judging.pattern,
                    progress: { bar.show(Double(done + $0) / Double(total)) },
                    isCancelled: { interrupt.isPressed }))
            done += task.items.count
        }
        bar.end()
        let report = EvaluationReport(evaluations, baseline: models.baseline?.name)
        switch form {
        case .json: try StandardOutput.write(report.json())
        case .markdown: try StandardOutput.write(report.markdown)
        case nil: try StandardOutput.write(report.text)
        }
        if let frontier { try WholeFile.write(Data(report.frontier.svg.utf8), to: frontier) }
        if let plot { try WholeFile.write(Data(report.plot.svg.utf8), to: plot) }
        if interrupt.isPressed { throw ExitCode(130) }
    }
}
