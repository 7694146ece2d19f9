import Foundation
import Tensors

/// How a session computes and what it remembers.
public struct SessionOptions: Sendable, Equatable {
    /// Compute threads.
    public var threadCount: Int
    /// Whether each compute thread keeps to one processor. For measurements: beside other programs it costs speed.
    package var pinsThreads = false
    /// Number format of the KV rings.
    public var kvFormat: KVFormat
    /// What quantised weights multiply.
    public var activations: ActivationFormat
    /// Positions that a query sees, its own included; nil for all. With a window, memory is bounded for ever.
    public var window: Int?
    /// First positions that every query sees all the same.
    public var sinkCount: Int

    /// All cores, float16 keys and values, activations of 16 bits and the whole context, unless told otherwise.
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
    /// Widest pass: wide enough that a prompt's matmuls reach full speed, narrow enough beside a window that the
    /// ring's slack for a pass stays small.
    func maximumRows(contextLength: Int) -> Int {
        guard let window else { return min(512, contextLength) }
        return min(512, max(MultiTokenPlan.factors.upperBound, window / 4))
    }

    /// Slots a layer's ring may have. A pass of M rows writes them all before its first query looks, so a window needs
    /// M − 1 slots more than it shows.
    func slotLimit(contextLength: Int) -> Int {
        guard let window else { return contextLength }
        return sinkCount + window + maximumRows(contextLength: contextLength) - 1
    }

    /// Positions that a query sees of the `depth` before it; of an average depth, nearly the average.
    package func positionsSeen(of depth: Double) -> Double {
        window.map { min(depth, Double(sinkCount + $0)) } ?? depth
    }

    /// Entries of the trunk's ring that a query at `position` sees, where `plan` lets the trunk see so many positions.
    package func trunkEntriesSeen(at position: Double, by plan: any DecodePlan, promptCount: Int) -> Double {
        let last = Int(position)
        func count(before position: Int) -> Int { plan.trunkCount(before: position, promptCount: promptCount) }
        guard count(before: last) < last else { return positionsSeen(of: position) }
        let start = max(0, last - (window ?? last))
        return Double(count(before: last) - count(before: start) + count(before: min(start, sinkCount)))
    }

    /// - Throws: `SessionError` naming the option that makes no sense for any model.
    package func check() throws(SessionError) {
        guard (1...256).contains(threadCount) else { throw .threadCount(threadCount) }
        guard (1...1 << 24).contains(window ?? 1) else { throw .window(window ?? 0) }
        guard (0...1 << 24).contains(sinkCount) else { throw .sinkCount(sinkCount) }
    }
}
