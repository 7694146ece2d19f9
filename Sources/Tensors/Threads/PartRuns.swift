import Synchronization

/// Work stealing over the parts of a job. Each member takes neighbouring parts from the front of its own run, and when
/// that is empty steals from the back of another's. Members thus read memory in one direction, which suits prefetching.
package final class PartRuns: Sendable {
    private let count: Int
    // Sendable: only its atomics change.
    private nonisolated(unsafe) let runs: UnsafeMutablePointer<Run>

    /// The bounds of a run: the first remaining part in the lower half, their end in the upper half. Each run fills a
    /// cache line.
    private struct Run: ~Copyable {
        let bounds = Atomic<UInt64>(0)
        private let padding: (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0, 0, 0, 0)
    }

    private static let endUnit: UInt64 = 1 << 32

    package init(memberCount: Int) {
        count = memberCount
        runs = .allocate(capacity: memberCount)
        for member in 0..<memberCount { (runs + member).initialize(to: Run()) }
    }

    deinit {
        runs.deinitialize(count: count)
        runs.deallocate()
    }

    /// The first part of `member`'s initial run.
    package static func firstPart(of member: Int, memberCount: Int, parts: Int) -> Int { parts * member / memberCount }

    /// Assigns each member its initial run. No member may be taking parts.
    package func deal(_ parts: Int) {
        for member in 0..<count {
            let first = Self.firstPart(of: member, memberCount: count, parts: parts)
            let end = Self.firstPart(of: member + 1, memberCount: count, parts: parts)
            runs[member].bounds.store(UInt64(first) + UInt64(end) * Self.endUnit, ordering: .relaxed)
        }
    }

    /// The next part for `member`; nil when all are taken.
    package func take(_ member: Int) -> Int? {
        if let bounds = shorten(member, by: { $0 + 1 }) { return Int(bounds % Self.endUnit) }
        for other in member + 1..<member + count {
            if let bounds = shorten(other % count, by: { $0 - Self.endUnit }) { return Int(bounds / Self.endUnit) - 1 }
        }
        return nil
    }

    /// Changes a run's bounds atomically. Returns the bounds before the change; nil if the run is empty.
    private func shorten(_ member: Int, by change: (UInt64) -> UInt64) -> UInt64? {
        var bounds = runs[member].bounds.load(ordering: .relaxed)
        while bounds % Self.endUnit < bounds / Self.endUnit {
            let (exchanged, original) = runs[member].bounds.weakCompareExchange(
                expected: bounds, desired: change(bounds), ordering: .relaxed)
            if exchanged { return bounds }
            bounds = original
        }
        return nil
    }
}
