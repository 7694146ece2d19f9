import ArgumentParser
import Volley

/// Choices of the cycle rule, in place of the checkpoint's own.
struct RuleOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Where cycles are counted from: prompt or absolute (default: the checkpoint's).", valueName: "phase"))
    var phase: CyclePhase?

    @Option(
        help: ArgumentHelp(
            """
            What the head is fed at the prompt's positions: trunk (the trunk's output), sum (embedding and trunk's output), \
            or masked, which absolute phase means (default: the checkpoint's).
            """, valueName: "input"))
    var promptInput: PromptInput?

    @Option(
        help: ArgumentHelp(
            """
            Whether the trunk ever sees the tokens that cycles skipped: real (it does) or shadow (it does not) (default: the \
            checkpoint's).
            """, valueName: "history"))
    var history: TrunkHistory?

    var overrides: CycleRule.Overrides {
        CycleRule.Overrides(phase: phase, promptInput: promptInput, history: history)
    }
}

extension CyclePhase: ExpressibleByArgument {}
extension PromptInput: ExpressibleByArgument {}
extension TrunkHistory: ExpressibleByArgument {}
