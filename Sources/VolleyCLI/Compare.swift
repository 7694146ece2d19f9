import ArgumentParser
import Volley

struct Compare: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Answer prompts with each factor, side by side: the texts, and how fast they came.",
        discussion: """
            Answers are greedy. Each factor answers in turns, once to warm up and then --rounds times; speeds are medians.

            EXAMPLES
              volley compare "Sort this list: 52 13 88 41 27 90"
              volley compare --mtd off,2,4,6 "What is the capital of France?" "What is 17 * 23?"
            """)

    @Argument(help: "The prompts.")
    var prompts: [String]

    @OptionGroup(title: "Model") var model: ModelOptions

    @Option(help: ArgumentHelp("Factors to compare, vanilla being off.", valueName: "off,2,3"))
    var mtd = MTDFactors.all

    @Option(parsing: .unconditional, help: ArgumentHelp("Most tokens of an answer.", valueName: "n"))
    var maxTokens = 256

    @Option(parsing: .unconditional, help: ArgumentHelp("Timed answers of each factor.", valueName: "n"))
    var rounds = 5

    func validate() throws {
        if maxTokens < 1 { throw ValidationError("--max-tokens is \(maxTokens); give 1 or more") }
        if rounds < 1 { throw ValidationError("--rounds is \(rounds); give 1 or more") }
    }

    func run() throws {
        let interrupt = Interrupt()
        let language = try Progress.during("loading the model") { try model.load() }.language
        let plans = try mtd.plans(for: language.model.configuration)
        do {
            for (number, prompt) in prompts.enumerated() {
                let comparison = try Progress.during("answering") {
                    try Comparison(
                        of: language, on: prompt, plans: plans, options: model.sessionOptions(),
                        maximumTokens: maxTokens, rounds: rounds, isCancelled: { interrupt.isPressed })
                }
                let text = ComparisonText(comparison, width: StandardOutput.width ?? 80).text
                try StandardOutput.write((number > 0 ? "\n" : "") + text)
            }
        } catch is CancellationError {
            throw ExitCode(130)
        }
    }
}

/// A comparison for a person: the prompt, and below it the answers in columns.
private struct ComparisonText {
    let text: String

    init(_ comparison: Comparison, width: Int) {
        let vanilla = comparison.answers.first { $0.name == "off" }
        let columns = comparison.answers.map { answer in
            let title = answer.name == "off" ? "vanilla" : "mtd \(answer.name)"
            return ["── " + title, answer.text, Self.verdict(answer, vanilla)]
        }
        text = TextColumns([["> " + comparison.prompt]], width: width).text + TextColumns(columns, width: width).text
    }

    /// How fast, and how like vanilla.
    private static func verdict(_ answer: Comparison.Answer, _ vanilla: Comparison.Answer?) -> String {
        guard answer.medianRate > 0 else { return "(one token: no speed)" }
        var words = ["\(Int(answer.medianRate.rounded())) tokens/s"]
        if let vanilla, answer.name != "off" {
            if vanilla.medianRate > 0 {
                let speedup = (100 * answer.medianRate / vanilla.medianRate).rounded() / 100
                words.append("\(speedup)×")
            }
            words.append(answer.tokens == vanilla.tokens ? "the same text" : "another text")
        }
        return words.joined(separator: ", ")
    }
}
