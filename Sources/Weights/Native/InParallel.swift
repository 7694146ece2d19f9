import Dispatch
import Synchronization

/// Calls `body` for every index below `count` on `threadCount` threads, each with its own state from `makeState()`.
///
/// - Throws: the first error thrown by a call. Other threads stop before their next index.
package func inParallel<State, Failure: Error>(
    count: Int, threadCount: Int, _ makeState: @Sendable () -> State,
    body: @Sendable (State, Int) throws(Failure) -> Void
) throws(Failure) {
    let next = Atomic(0)
    let failure = Mutex<Failure?>(nil)
    DispatchQueue.concurrentPerform(iterations: max(1, min(count, threadCount))) { _ in
        let state = makeState()
        while true {
            let index = next.add(1, ordering: .relaxed).oldValue
            guard index < count, failure.withLock({ $0 == nil }) else { return }
            do throws(Failure) {
                try body(state, index)
            } catch {
                failure.withLock { $0 = $0 ?? error }
                return
            }
        }
    }
    if let error = failure.withLock({ $0 }) { throw error }
}
