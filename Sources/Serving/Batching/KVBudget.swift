import Decoding
import Models

/// The memory for keys and values, and what of it a job needs.
struct KVBudget: Sendable {
    let byteCount: Int
    let shapes: [KVRing.Shape]
    let contextLength: Int

    /// Positions that a job may come to, drafts included.
    func positions(of job: Job) -> Int {
        let room = max(contextLength - job.prompt.count, 0)
        return job.prompt.count + min(min(job.options.maximumTokens ?? room, room) + job.plan.draftCount, room)
    }

    func byteCount(of job: Job) -> Int {
        shapes.reduce(0) { $0 + $1.byteCount(reserving: positions(of: job)) }
    }
}
