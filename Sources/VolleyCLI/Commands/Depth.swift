import ArgumentParser
import Foundation
import Measuring
import Volley

struct Depth: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show how many layers each token of a prompt and its answer runs, from light to dark blue.",
        discussion: """
            Answers are greedy. The colours range from the fewest layers that a token of this text ran to the most. Without \
            colours, each token is followed by its number of layers. Below the text are the mean and variance of layers per \
            token, and the share of tokens that ran each layer.

            EXAMPLES
              volley depth --model FlexiDepth-Llama-3-8B-Instruct "Repeat: 7 7 7 7 7"
              volley depth --model FlexiDepth-Llama-3-8B-Instruct --html map.html "What is 17 * 23?"
            """)

    @Argument(help: "The prompt.")
    var prompt: String?

    @OptionGroup(title: "Model") var model: ModelOptions
    @OptionGroup(title: "Prompt") var promptOptions: PromptOptions
    @OptionGroup(title: "Decoding") var plan: PlanOptions

    @Option(parsing: .unconditional, help: ArgumentHelp("Maximum tokens of the answer.", valueName: "n"))
    var maxTokens = 64

    @Flag(help: "Print one JSON document instead of the map.")
    var json = false

    @Option(help: ArgumentHelp("Write the map as a self-contained HTML page.", valueName: "file"))
    var html: String?

    func validate() throws {
        try promptOptions.check(prompt: prompt)
        guard (0...1 << 20).contains(maxTokens) else {
            throw ValidationError("--max-tokens is \(maxTokens); give a number from 0 to \(1 << 20)")
        }
    }

    func run() throws {
        let interrupt = Interrupt()
        let loaded = try Progress.during("loading the model") { try model.load(self.plan.drafts) }.model
        let tokens = try promptOptions.tokens(prompt: prompt, model: loaded) { interrupt.isPressed }
        let options = model.sessionOptions()
        let plan = try plan.resolve(for: loaded, options: options)
        guard plan.skipsLayers else { throw DepthError.nothingSkipped(plan: plan.name) }
        do {
            let map = try Progress.during("answering") {
                try DepthMap(
                    of: loaded, plan: plan, prompt: tokens, maximumTokens: maxTokens, options: options,
                    isCancelled: { interrupt.isPressed })
            }
            try StandardOutput.write(
                json ? DepthDocument(map).json() : DepthText(map, palette: .forStandardOutput()).text)
            if let html { try WholeFile.write(Data(DepthPage(map).html.utf8), to: html) }
        } catch is CancellationError {
            throw ExitCode(130)
        }
    }
}
