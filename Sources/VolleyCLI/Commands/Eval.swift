import ArgumentParser
import Foundation
import Measuring
import Volley

struct Eval: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measure what each factor or plan keeps of a model's answers, and what it gains in speed.",
        discussion: """
            Tasks are JSONL files of {"prompt" | "question" | "messages", "answer"}; "metric" may say how answers are \
            judged, and "pattern" where they stand: a regular expression whose first group, or all of it, is held \
            against the reference, where it matches last. \
            Answers are greedy. Beside accuracy: the loss on the reference answers, and how passes at each place in a \
            cycle agree with vanilla's after the same text. Of plans that skip layers also, task by task: the share of \
            vanilla's right answers that they keep, and the average and variance of the layers that a token of the answer runs.

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

    @Option(
        parsing: .upToNextOption, help: ArgumentHelp("JSONL files (default: the embedded model's).", valueName: "files")
    )
    var tasks: [String] = []

    @OptionGroup(title: "Factors and plans") var compared: ComparedPlans
    @OptionGroup(title: "Vanilla") var vanilla: BaselineOptions

    @OptionGroup(title: "Questions and answers") var judging: JudgingOptions

    @Flag(help: "Print one JSON document, or tables in Markdown (default: tables that line up).")
    var form: Form?

    @Option(help: ArgumentHelp("Draw quality kept against speedup into this SVG file.", valueName: "file"))
    var plot: String?

    enum Form: String, EnumerableFlag {
        case json
        case markdown
    }

    func run() throws {
        let interrupt = Interrupt()
        let files = tasks.isEmpty ? try Embedded().tasks : tasks
        let tasks = try files.map { try EvaluationTask(path: $0, limit: judging.limit) }
        let loaded = try Progress.during("loading the model") { try model.load() }.model
        let models = try vanilla.models(beside: loaded, model)
        let plans = vanilla.adjusted(
            try compared.resolve(for: loaded, options: model.sessionOptions()), for: models)
        let total = tasks.reduce(0) { $0 + $1.items.count }
        let bar = ProgressBar("evaluating")
        var (evaluations, done) = ([Evaluation](), 0)
        for task in tasks {
            evaluations.append(
                try Evaluation(
                    of: models, on: task, plans: plans, options: model.sessionOptions(),
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
        if let plot { try WholeFile.write(Data(report.plot.svg.utf8), to: plot) }
        if interrupt.isPressed { throw ExitCode(130) }
    }
}
