import Decoding
import Synchronization

/// A request to generate one text.
package final class Job: Sendable {
    package let prompt: [Int]
    package let plan: any DecodePlan
    package let options: GenerationOptions
    package let selection: TokenSelection
    /// The number of most likely tokens to report with each token of the prompt; nil for no report.
    package let promptLogprobCount: Int?
    package let client: Client
    package let submitted = ContinuousClock.now
    /// Receives the job's events on the engine's thread. It must not block.
    let deliver: @Sendable (JobEvent) -> Void
    private let cancelled = Atomic(false)

    package init(
        prompt: [Int], plan: any DecodePlan, options: GenerationOptions,
        selection: TokenSelection = TokenSelection(), promptLogprobCount: Int? = nil, client: Client = .local,
        deliver: @escaping @Sendable (JobEvent) -> Void
    ) {
        self.prompt = prompt
        self.plan = plan
        self.options = options
        self.selection = selection
        self.promptLogprobCount = promptLogprobCount
        self.client = client
        self.deliver = deliver
    }

    /// Ends the job before the next pass, whether it waits or runs.
    package func cancel() { cancelled.store(true, ordering: .relaxed) }

    package var isCancelled: Bool { cancelled.load(ordering: .relaxed) }
}
