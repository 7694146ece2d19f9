import ArgumentParser
import Volley

/// How tokens are drawn and what ends the text.
struct SamplingOptions: ParsableArguments {
    @Option(parsing: .unconditional, help: "Most tokens to generate.")
    var maxTokens: Int = 256

    @Option(parsing: .unconditional, help: "0 takes the most likely token; higher draws more freely.")
    var temperature: Float = 0

    @Option(parsing: .unconditional, help: "Draw among the K most likely tokens (0: all).")
    var topK: Int = 0

    @Option(parsing: .unconditional, help: "Draw among the most likely tokens that reach probability P together.")
    var topP: Float = 1

    @Option(parsing: .unconditional, help: "Leave out tokens less than P times as likely as the most likely one.")
    var minP: Float = 0

    @Option(parsing: .unconditional, help: "Make tokens that occurred less likely (1: no change).")
    var repeatPenalty: Float = 1

    @Option(parsing: .unconditional, help: "Same seed, same text, whatever the number of threads.")
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

    /// - Throws: `ValidationError` naming what is out of range.
    func generationOptions() throws -> GenerationOptions {
        do {
            let sampling = SamplingParameters(
                temperature: temperature, topK: topK, topP: topP, minP: minP, repetitionPenalty: repeatPenalty,
                seed: seed)
            let options = GenerationOptions(
                maximumTokens: maxTokens, sampling: sampling, stops: stop, ignoresEnd: ignoreEos,
                logprobCount: logprobs)
            try options.check()
            return options
        } catch {
            throw ValidationError("\(error)")
        }
    }

    func validate() throws { _ = try generationOptions() }
}
