import ArgumentParser
import Measuring
import Volley

/// The number of questions, and how answers are judged.
struct JudgingOptions: ParsableArguments {
    @Option(parsing: .unconditional, help: ArgumentHelp("Maximum items per task (default: all).", valueName: "n"))
    var limit: Int?

    @Option(
        help: ArgumentHelp(
            "exact, prefix, contains, number or loss; replaces the metric in the files.", valueName: "metric"))
    var metric: AnswerMetric?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "A regular expression that finds the answer in a text; replaces the pattern in the files.",
            valueName: "regex"))
    var pattern: AnswerPattern?

    @Option(parsing: .unconditional, help: ArgumentHelp("Maximum tokens of an answer.", valueName: "n"))
    var maxTokens = 512

    func validate() throws {
        if let limit, limit < 1 { throw ValidationError("the limit is \(limit); give 1 or more") }
        if maxTokens < 1 { throw ValidationError("--max-tokens is \(maxTokens); give 1 or more") }
    }
}

extension AnswerMetric: ExpressibleByArgument {}

extension AnswerPattern: ExpressibleByArgument {
    public init?(argument: String) { self.init(argument) }
}
