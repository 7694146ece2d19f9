import ArgumentParser
import Volley

/// How tokens are drawn and what ends the text. What is not given is the model's own default.
struct SamplingOptions: ParsableArguments {
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Most tokens to generate (default: the model's, else the whole context).", valueName: "n"))
    var maxTokens: Int?

    @Flag(help: "Take the most likely token always, whatever the model's defaults are; other options still count.")
    var greedy = false

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "0 takes the most likely token; higher draws more freely (default: the model's, else 0).", valueName: "t"))
    var temperature: Float?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Draw among the K most likely tokens; 0 for all (default: the model's).", valueName: "k"))
    var topK: Int?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Draw among the most likely tokens that reach probability P together (default: the model's).",
            valueName: "p"))
    var topP: Float?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Leave out tokens less than P times as likely as the most likely one (default: the model's).",
            valueName: "p"))
    var minP: Float?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Make tokens of prompt and text less likely; 1 changes nothing (default: the model's).", valueName: "f"))
    var repeatPenalty: Float?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Let that penalty look at the last N tokens alone (default: the model's, else all).",
            valueName: "n"))
    var repeatLastN: Int?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Subtract this from the logits of tokens that were generated, -2 to 2.", valueName: "f"))
    var presencePenalty: Float?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Subtract this for each time that a token was generated, -2 to 2.", valueName: "f"))
    var frequencyPenalty: Float?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Same seed, same text, whatever the number of threads (default: a fresh one, which --stats shows).",
            valueName: "n"))
    var seed: UInt64?

    @Option(
        parsing: .unconditionalSingleValue,
        help: ArgumentHelp("End before this text; may be given several times.", valueName: "text"))
    var stop: [String] = []

    @Flag(help: "Treat end tokens as ordinary ones.")
    var ignoreEos = false

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Report the K most likely tokens at each position (with --json).", valueName: "k"))
    var logprobs: Int?

    /// What the user named; the rest is nil, for the model's own defaults.
    ///
    /// - Throws: `ValidationError` naming what is out of range.
    func generationOptions() throws -> GenerationOptions {
        if greedy, let temperature, temperature != 0 {
            throw ValidationError("--greedy is a temperature of 0; leave it out, or --temperature")
        }
        do {
            let options = GenerationOptions(
                maximumTokens: maxTokens, sampling: sampling, stops: stop, ignoresEnd: ignoreEos,
                logprobCount: logprobs)
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
    /// Says what the checkpoint asks for and does not get.
    func warn() {
        for note in notes { StandardError.write("volley: \(note)\n") }
    }
}
