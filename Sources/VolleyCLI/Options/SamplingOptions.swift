import ArgumentParser
import Volley

/// How tokens are sampled and what ends the text. Options that are not given take the model's defaults.
struct SamplingOptions: ParsableArguments {
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Maximum tokens to generate (default: the model's, else the whole context).", valueName: "n")
    )
    var maxTokens: Int?

    @Flag(help: "Always take the most likely token, whatever the model's defaults; other options still apply.")
    var greedy = false

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Sampling temperature: 0 takes the most likely token; higher is more random (default: the model's, else 0).",
            valueName: "t"))
    var temperature: Float?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Sample from the K most likely tokens; 0 for all (default: the model's).", valueName: "k"))
    var topK: Int?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Sample from the fewest likely tokens with a total probability of at least P (default: the model's).",
            valueName: "p"))
    var topP: Float?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Sample from tokens at least P times as likely as the most likely one (default: the model's).",
            valueName: "p"))
    var minP: Float?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Make tokens that occurred in prompt or text less likely; 1 has no effect (default: the model's).",
            valueName: "f"))
    var repeatPenalty: Float?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Apply the repeat penalty to the last N tokens only (default: the model's, else all).",
            valueName: "n"))
    var repeatLastN: Int?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Subtract this from the logits of tokens that were generated, -2 to 2.", valueName: "f"))
    var presencePenalty: Float?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Subtract this from a token's logit for each time that it was generated, -2 to 2.", valueName: "f"))
    var frequencyPenalty: Float?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "The same seed gives the same text, whatever the number of threads (default: random; --stats shows it).",
            valueName: "n"))
    var seed: UInt64?

    @Option(
        parsing: .unconditionalSingleValue,
        help: ArgumentHelp("End before this text; may be given more than once.", valueName: "text"))
    var stop: [String] = []

    @Option(
        help: ArgumentHelp(
            """
            When a draft becomes a token of a sampled text: exact (if vanilla draws it with the same seed) or distribution \
            (rejection sampling: another text of the same distribution, and more drafts kept).
            """, valueName: "rule"))
    var verifyRule: VerifyRule = .exact

    @Flag(help: "Treat end tokens as ordinary tokens.")
    var ignoreEos = false

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Report the K most likely tokens at each position (with --json).", valueName: "k"))
    var logprobs: Int?

    /// The options that the user gave; the others are nil, for the model's defaults.
    ///
    /// - Throws: `ValidationError` naming an option that is out of range.
    func generationOptions() throws -> GenerationOptions {
        if greedy, let temperature, temperature != 0 {
            throw ValidationError("--greedy is a temperature of 0; leave it out, or --temperature")
        }
        do {
            let options = GenerationOptions(
                maximumTokens: maxTokens, sampling: sampling, stops: stop, ignoresEnd: ignoreEos,
                logprobCount: logprobs, verifyRule: verifyRule)
            try options.check()
            return options
        } catch {
            throw ValidationError("\(error)")
        }
    }

    private var sampling: SamplingParameters {
        var sampling = greedy ? .greedy : SamplingParameters()
        sampling.temperature = temperature ?? sampling.temperature
        sampling.topK = topK ?? sampling.topK
        sampling.topP = topP ?? sampling.topP
        sampling.minP = minP ?? sampling.minP
        sampling.repetitionPenalty = repeatPenalty ?? sampling.repetitionPenalty
        sampling.repetitionWindow = repeatLastN
        sampling.presencePenalty = presencePenalty ?? sampling.presencePenalty
        sampling.frequencyPenalty = frequencyPenalty ?? sampling.frequencyPenalty
        sampling.seed = seed
        return sampling
    }

    func validate() throws { _ = try generationOptions() }
}

extension GenerationDefaults {
    /// Prints the recommendations that are not followed to standard error.
    func warn() {
        for note in notes { StandardError.write("volley: \(note)\n") }
    }
}

extension VerifyRule: ExpressibleByArgument {}
