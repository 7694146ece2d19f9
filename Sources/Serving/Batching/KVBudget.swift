import Decoding
import Models

/// The memory for keys and values, and the part of it that a job needs.
package struct KVBudget: Sendable {
    package let byteCount: Int
    private let trunk: KVRing.Shape
    private let head: KVRing.Shape
    /// The rings of the model that drafts; nil without one.
    private let draft: (trunk: KVRing.Shape, head: KVRing.Shape)?
    private let contextLength: Int

    package init(
        byteCount: Int, model: ModelConfiguration, draft: ModelConfiguration? = nil, options: SessionOptions
    ) {
        self.byteCount = byteCount
        (trunk, head) = KVRing.shapes(model, options: options)
        self.draft = draft.map { KVRing.shapes($0, options: options) }
        contextLength = model.contextLength
    }

    /// The maximum number of positions of a job, drafts included.
    package func positions(of job: Job) -> Int {
        let room = max(contextLength - job.prompt.count, 0)
        let tokens = min(job.options.maximumTokens ?? room, room)
        return job.prompt.count + min(tokens + (job.plan.drafting?.count ?? 0), room)
    }

    /// The maximum number of ring entries of a job.
    package func entries(of job: Job) -> RingEntries {
        RingEntries(job.plan, positions: positions(of: job), promptCount: job.prompt.count)
    }

    package func byteCount(of job: Job) -> Int {
        let entries = entries(of: job)
        return trunk.byteCount(reserving: entries.trunk) + head.byteCount(reserving: entries.head)
            + draftByteCount(of: job)
    }

    /// Bytes of keys and values that the model that drafts needs for a job; 0 if the job's plan has no such drafts.
    package func draftByteCount(of job: Job) -> Int {
        guard let draft, job.plan.drafting?.source == .model else { return 0 }
        let count = positions(of: job)
        return draft.trunk.byteCount(reserving: count) + draft.head.byteCount(reserving: count)
    }
}
