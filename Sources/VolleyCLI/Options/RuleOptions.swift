import ArgumentParser
import Volley

/// Choices of the cycle rule that replace the checkpoint's own.
struct RuleOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Where cycles begin: prompt (at the prompt's end) or absolute (at position 0) (default: the checkpoint's).",
            valueName: "phase"))
    var phase: CyclePhase?

    @Option(
        help: ArgumentHelp(
            """
            The head's input at the prompt's positions: trunk (the trunk's output), sum (embedding plus the trunk's output), \
            or masked, which absolute phase implies (default: the checkpoint's).
            """, valueName: "input"))
    var promptInput: PromptInput?

    @Option(
        help: ArgumentHelp(
            """
            Whether the trunk sees the tokens after a cycle's first: real (yes) or shadow (never) (default: the checkpoint's).
            """, valueName: "history"))
    var history: TrunkHistory?

    @Option(
        help: ArgumentHelp(
            """
            Whether the head's keys and values of a cycle's later tokens stay as they are: kept, or refreshed by the next \
            cycle's first pass, at no further reading of weights (default: the checkpoint's).
            """, valueName: "history"))
    var headHistory: HeadHistory?

    var overrides: CycleRule.Overrides {
        CycleRule.Overrides(phase: phase, promptInput: promptInput, history: history, headHistory: headHistory)
    }
}

extension CyclePhase: ExpressibleByArgument {}
extension PromptInput: ExpressibleByArgument {}
extension TrunkHistory: ExpressibleByArgument {}
extension HeadHistory: ExpressibleByArgument {}
