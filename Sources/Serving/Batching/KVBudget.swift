import Decoding
import Models

/// The memory for keys and values, and what of it a job needs.
package struct KVBudget: Sendable {
    package let byteCount: Int
    private let trunk: KVRing.Shape
    private let head: KVRing.Shape
    private let contextLength: Int

    package init(byteCount: Int, model: ModelConfiguration, options: SessionOptions) {
        self.byteCount = byteCount
        (trunk, head) = KVRing.shapes(model, options: options)
        contextLength = model.contextLength
    }

    /// Positions that a job may come to, drafts included.
    package func positions(of job: Job) -> Int {
        let room = max(contextLength - job.prompt.count, 0)
        return job.prompt.count + min(min(job.options.maximumTokens ?? room, room) + (job.plan.drafting?.count ?? 0), room)
    }

    /// Entries of trunk and head that the job may come to.
    package func entries(of job: Job) -> RingEntries {
        RingEntries(job.plan, positions: positions(of: job), promptCount: job.prompt.count)
    }

    package func byteCount(of job: Job) -> Int {
        let need = entries(of: job)
        return trunk.byteCount(reserving: need.trunk) + head.byteCount(reserving: need.head)
    }
}
