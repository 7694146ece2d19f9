import ArgumentParser
import Foundation
import Volley

struct Eval: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measure what each factor keeps of a model's answers, and what it gains in speed.",
        discussion: """
            Tasks are JSONL files of {"prompt" | "messages", "answer"}; "metric" may say how a file's answers are judged. \
            Answers are greedy. Beside accuracy: the loss on the reference answers, and how passes at each place in a \
            cycle agree with vanilla's after the same text.

            EXAMPLES
              volley eval --model DMTD-Qwen3-4B --tasks gsm8k.jsonl --metric number --limit 200
              volley eval --model model --tasks sort.jsonl sum.jsonl --mtd off,2,4
            """)

    @OptionGroup(title: "Model") var model: ModelOptions

    @Option(parsing: .upToNextOption, help: ArgumentHelp("JSONL files.", valueName: "files"))
    var tasks: [String]

    @Option(help: ArgumentHelp("Factors to compare, vanilla being off.", valueName: "off,2,3"))
    var mtd = MTDFactors(requests: [.vanilla] + [2, 3, 4, 6].map { .multiToken(factor: $0) })

    @Option(parsing: .unconditional, help: ArgumentHelp("Items of each task.", valueName: "n"))
    var limit: Int?

    @Option(
        help: ArgumentHelp(
            "exact, prefix, contains, number or loss, in place of the files' own.", valueName: "metric"))
    var metric: AnswerMetric?

    @Option(parsing: .unconditional, help: ArgumentHelp("Most tokens of an answer.", valueName: "n"))
    var maxTokens = 512

    @Flag(help: "Print one JSON document, or tables in Markdown (default: tables that line up).")
    var form: Form?

    @Option(help: ArgumentHelp("Draw quality kept against speedup into this SVG file.", valueName: "file"))
    var plot: String?

    enum Form: String, EnumerableFlag {
        case json
        case markdown
    }

    func validate() throws {
        if let limit, limit < 1 { throw ValidationError("the limit is \(limit); give 1 or more") }
        if maxTokens < 1 { throw ValidationError("--max-tokens is \(maxTokens); give 1 or more") }
    }

    func run() throws {
        let interrupt = Interrupt()
        let tasks = try tasks.map { try EvaluationTask(path: $0, limit: limit) }
        let language = try Progress.during("loading the model") { try model.load() }.language
        let plans = try mtd.requests.map { request in
            let plan = try language.model.configuration.plan(for: request)
            return (name: plan.name, plan: plan)
        }
        let total = tasks.reduce(0) { $0 + $1.items.count }
        let bar = ProgressBar("evaluating")
        var (evaluations, done) = ([Evaluation](), 0)
        for task in tasks {
            evaluations.append(
                try Evaluation(
                    of: language, on: task, plans: plans, options: model.sessionOptions(), maximumTokens: maxTokens,
                    metric: metric, progress: { bar.show(Double(done + $0) / Double(total)) },
                    isCancelled: { interrupt.isPressed }))
            done += task.items.count
        }
        bar.end()
        let report = EvaluationReport(evaluations)
        switch form {
        case .json: try StandardOutput.write(report.json())
        case .markdown: try StandardOutput.write(report.markdown)
        case nil: try StandardOutput.write(report.text)
        }
        if let plot { try WholeFile.write(Data(report.plot.svg.utf8), to: plot) }
        if interrupt.isPressed { throw ExitCode(130) }
    }
}

/// `off` and factors, separated by commas.
struct MTDFactors: ExpressibleByArgument {
    let requests: [PlanRequest]

    init(requests: [PlanRequest]) { self.requests = requests }

    init?(argument: String) {
        let requests = argument.split(separator: ",", omittingEmptySubsequences: false)
            .compactMap { try? PlanRequest(factor: String($0)) }
        guard requests.count == argument.split(separator: ",", omittingEmptySubsequences: false).count else {
            return nil
        }
        self.requests = requests
    }

    var defaultValueDescription: String { "off,2,3,4,6" }
}

extension AnswerMetric: ExpressibleByArgument {}
