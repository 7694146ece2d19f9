import Foundation

/// A thread that runs one actor's jobs in order, and ends with the actor.
///
/// A pass takes from a tenth of a millisecond to seconds, during which it would block one of Swift's cooperative threads. And a
/// thread team is fastest when the same thread calls it each time.
final class ComputeThread: SerialExecutor {
    private let queue = ExecutorJobs()

    init() {
        Thread.detachNewThread { [queue] in queue.work() }
    }

    deinit { queue.close() }

    // The queue retains the executor until the job has run: its actor may be released meanwhile.
    func enqueue(_ job: consuming ExecutorJob) { queue.append(UnownedJob(job), of: self) }
}

/// Jobs waiting for a thread.
// Sendable: the condition guards all mutable state.
private final class ExecutorJobs: @unchecked Sendable {
    private let condition = NSCondition()
    private var jobs: [(job: UnownedJob, executor: ComputeThread)] = []
    private var isClosed = false

    func append(_ job: UnownedJob, of executor: ComputeThread) {
        condition.withLock {
            jobs.append((job, executor))
            condition.signal()
        }
    }

    func close() {
        condition.withLock {
            isClosed = true
            condition.signal()
        }
    }

    /// Runs jobs until the queue is closed.
    func work() {
        while let (job, executor) = next() { job.runSynchronously(on: executor.asUnownedSerialExecutor()) }
    }

    private func next() -> (job: UnownedJob, executor: ComputeThread)? {
        condition.withLock {
            while jobs.isEmpty {
                guard !isClosed else { return nil }
                condition.wait()
            }
            return jobs.removeFirst()
        }
    }
}
