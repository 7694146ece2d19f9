import Synchronization

/// Counts the bytes that loading has decoded and packed, reports the share done, and stops loading on request.
package final class LoadingProgress: Sendable {
    private struct State {
        var doneBytes = 0
        var totalBytes = 0
    }

    private let state = Mutex(State())
    private let cancelled = Atomic(false)
    private let listener: (@Sendable (Double) -> Void)?

    /// - Parameter listener: called with the share done, from 0 to 1, never falling. Any thread may call it, one at a time.
    package init(_ listener: (@Sendable (Double) -> Void)? = nil) { self.listener = listener }

    /// Makes the next `report` throw. May be called on any thread.
    package func cancel() { cancelled.store(true, ordering: .relaxed) }

    /// Sets the number of bytes to decode and pack.
    package func begin(totalBytes: Int) { state.withLock { $0.totalBytes = totalBytes } }

    /// Adds bytes to what the next `report` tells.
    package func add(_ byteCount: Int) { state.withLock { $0.doneBytes += byteCount } }

    /// Reports the share done so far.
    ///
    /// - Throws: `CheckpointError.cancelled` after `cancel`.
    package func report() throws(CheckpointError) {
        guard !cancelled.load(ordering: .relaxed) else { throw .cancelled }
        guard let listener else { return }
        // Under the lock, so that shares arrive in order.
        state.withLock { listener(min(1, Double($0.doneBytes) / Double(max($0.totalBytes, 1)))) }
    }

    /// Reports that loading is complete.
    package func finish() { listener?(1) }
}

extension Checkpoint {
    /// The number of bytes that loading decodes, checks and packs. Those of a native checkpoint count twice: `loaded` decodes or
    /// checks them, and the model packs them.
    package func loadingByteCount(checksTensors: Bool) -> Int {
        switch contents {
        case .mapped(let locations): locations.values.reduce(0) { $0 + $1.byteCount }
        case .native(let native): native.loadingByteCount(checksTensors: checksTensors)
        case .loaded(let tensors): tensors.values.reduce(0) { $0 + $1.bytes.count }
        }
    }
}
