import Foundation
import ServiceLifecycle

/// Runs an engine on a thread of its own, because passes would block Swift's cooperative threads.
///
/// A shutdown accepts no more jobs, and ends when the accepted ones are done or cancelled.
package struct EngineService: Service {
    package let queue: AdmissionQueue
    private let work = DispatchSemaphore(value: 0)
    private let ended: AsyncStream<Never>

    /// Starts the thread.
    package init(_ engine: sending BatchEngine) {
        queue = engine.queue
        let (ended, end) = AsyncStream<Never>.makeStream()
        self.ended = ended
        let (queue, work) = (queue, work)
        queue.onChange { work.signal() }
        let runner = Runner(engine: engine)
        let thread = Thread {
            runner.run(until: { !queue.isOpen && queue.count == 0 }, waitingFor: work)
            end.finish()
        }
        thread.name = "volley-engine"
        thread.start()
    }

    package func run() async throws {
        // A task of its own, which no cancellation ends: the thread must not outlive the service.
        let end = Task { for await _ in ended {} }
        await withTaskCancellationHandler {
            await withGracefulShutdownHandler {
                await end.value
            } onGracefulShutdown: {
                queue.close()
            }
        } onCancel: {
            queue.close()
        }
    }
}

/// Moves the engine to its thread.
// Sendable: only that thread uses the engine.
private final class Runner: @unchecked Sendable {
    private let engine: BatchEngine

    init(engine: BatchEngine) { self.engine = engine }

    func run(until isOver: () -> Bool, waitingFor work: DispatchSemaphore) {
        while true {
            if engine.isIdle, engine.queue.count == 0 {
                if isOver() { return }
                work.wait()
            }
            engine.step()
        }
    }
}
