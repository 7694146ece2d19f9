import Dispatch
import NIOConcurrencyHelpers

/// Threads for the work on requests and answers that takes long: JSON, templates and tokens. The threads that serve connections
/// stay free.
///
/// Large and small work have a thread each, and clients take turns in both.
package struct Workers: Sendable {
    private let small = WorkLane(name: "volley-small")
    private let large = WorkLane(name: "volley-large")
    /// Bytes of a request from which its work counts as large.
    package static let largeByteCount = 1 << 16

    package init() {}

    /// Runs `work` when it is the client's turn.
    ///
    /// - Parameter byteCount: the size of what is worked on.
    package func run<Value: Sendable>(
        _ byteCount: Int, for client: Client, _ work: @escaping @Sendable () throws -> Value
    ) async throws -> Value {
        let lane = byteCount < Self.largeByteCount ? small : large
        return try await withCheckedThrowingContinuation { continuation in
            lane.add(for: client) { continuation.resume(with: Result(catching: work)) }
        }
    }
}

/// Runs work one after the other.
private final class WorkLane: Sendable {
    private let queue: DispatchQueue
    private let waiting = NIOLockedValueBox(FairQueue<@Sendable () -> Void>())

    init(name: String) { queue = DispatchQueue(label: name) }

    func add(for client: Client, _ work: @escaping @Sendable () -> Void) {
        waiting.withLockedValue { $0.add(work, for: client.id) }
        queue.async { self.waiting.withLockedValue { $0.next() }?() }
    }
}
