import Foundation
import Tensors

/// Options of a session: threads, number formats and attention window.
public struct SessionOptions: Sendable, Equatable {
    /// The number of compute threads.
    public var threadCount: Int
    /// Whether each compute thread is pinned to one processor. For measurements: next to other programs it costs speed.
    package var pinsThreads = false
    /// Number format of keys and values.
    public var kvFormat: KVFormat
    /// Format of the activations that quantised weights multiply.
    public var activations: ActivationFormat
    /// The number of positions that a query sees, its own included; nil for all. With a window, memory use stays constant.
    public var window: Int?
    /// The number of sinks: first positions that every query sees, whatever the window.
    public var sinkCount: Int

    /// Where prompts that have been read are kept, for later sessions and other processes; nil for nowhere.
    public var promptCache: PromptCache?

    /// By default, all cores, float16 keys and values, 16-bit activations and the whole context.
    public init(
        threadCount: Int = ProcessInfo.processInfo.activeProcessorCount, kvFormat: KVFormat = .f16,
        activations: ActivationFormat = .int16, window: Int? = nil, sinkCount: Int = 0
    ) {
        self.threadCount = threadCount
        self.kvFormat = kvFormat
        self.activations = activations
        self.window = window
        self.sinkCount = sinkCount
    }
}

extension SessionOptions {
    /// Maximum number of rows in a pass: enough for a prompt's matmuls to reach full speed, few enough that the slots that a
    /// ring needs beyond its window stay few.
    func maximumRows(contextLength: Int) -> Int {
        guard let window else { return min(512, contextLength) }
        return min(512, max(MultiTokenPlan.factors.upperBound, window / 4))
    }

    /// Maximum number of slots per layer. A pass of M rows writes all its entries before its first query attends, so a window
    /// needs M − 1 additional slots.
    func slotLimit(contextLength: Int) -> Int {
        guard let window else { return contextLength }
        return sinkCount + window + maximumRows(contextLength: contextLength) - 1
    }

    /// The number of positions that a query sees out of `depth` before it. For an average depth, approximately the average.
    package func positionsSeen(of depth: Double) -> Double {
        window.map { min(depth, Double(sinkCount + $0)) } ?? depth
    }

    /// The number of entries of the trunk's ring that a query at `position` sees with `plan`.
    package func trunkEntriesSeen(at position: Double, by plan: any DecodePlan, promptCount: Int) -> Double {
        let last = Int(position)
        func count(before position: Int) -> Int { plan.trunkCount(before: position, promptCount: promptCount) }
        guard count(before: last) < last else { return positionsSeen(of: position) }
        let start = max(0, last - (window ?? last))
        return Double(count(before: last) - count(before: start) + count(before: min(start, sinkCount)))
    }

    /// - Throws: `SessionError` naming the option that is out of range.
    package func check() throws(SessionError) {
        guard (1...256).contains(threadCount) else { throw .threadCount(threadCount) }
        guard (1...1 << 24).contains(window ?? 1) else { throw .window(window ?? 0) }
        guard (0...1 << 24).contains(sinkCount) else { throw .sinkCount(sinkCount) }
    }
}
