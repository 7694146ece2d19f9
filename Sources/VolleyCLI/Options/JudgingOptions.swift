import ArgumentParser
import Measuring
import Volley

/// Which questions are asked, and how answers are judged.
struct JudgingOptions: ParsableArguments {
    @Option(parsing: .unconditional, help: ArgumentHelp("Items of each task.", valueName: "n"))
    var limit: Int?

    @Option(
        help: ArgumentHelp(
            "exact, prefix, contains, number or loss, in place of the files' own.", valueName: "metric"))
    var metric: AnswerMetric?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Where answers stand, in place of the files' own.", valueName: "regex"))
    var pattern: AnswerPattern?

    @Option(parsing: .unconditional, help: ArgumentHelp("Most tokens of an answer.", valueName: "n"))
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
