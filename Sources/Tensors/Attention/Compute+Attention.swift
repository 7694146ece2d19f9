import CKernels

extension Compute {
    /// softmax(scale · q · kᵀ) · v for every query: [rowCount, headCount·headWidth].
    ///
    /// Threads share the KV heads. If those do not divide evenly among threads, they also share the positions, unless a
    /// window leaves only few.
    package func attend(_ pass: AttentionPass, output: UnsafeMutablePointer<Float>) {
        var job = AttentionJob(
            kernels: kernels, attention: pass.kernelAttention(output: output), scratch: attentionScratch.pointer,
            scratchCount: attentionScratchCount)
        let heads = pass.ring.keyValueHeadCount
        let ranges = volley_attention_ranges(&job.attention)
        guard pass.rowCount <= Int(VOLLEY_MAX_ROWS), pass.seesAll, heads % team.count != 0, ranges > 1 else {
            // The queries of one KV head stay together, as they share each load of its keys.
            let units = heads * volley_row_blocks(pass.rowCount)
            return team.run(parts: min(units, parts(of: units)), { AttentionJob.run($0, $1, $2, member: $3) }, &job)
        }
        let count = volley_attention_partials(&job.attention)
        if attentionPartials.count < count { attentionPartials = AlignedBuffer(unfilledCount: 2 * count) }
        job.partials = attentionPartials.pointer
        team.run(parts: heads * ranges, { AttentionJob.runRange($0, $1, member: $3) }, &job)
        kernels.pointee.merge_ranges(&job.attention, job.scratch, attentionPartials.pointer)
    }
}

private struct AttentionJob: BitwiseCopyable {
    let kernels: UnsafePointer<volley_kernels>
    var attention: volley_attention
    let scratch: UnsafeMutablePointer<Float>
    let scratchCount: Int
    var partials: UnsafeMutablePointer<Float>?

    static func run(_ pointer: UnsafeRawPointer, _ part: Int, _ parts: Int, member: Int) {
        let job = pointer.assumingMemoryBound(to: AttentionJob.self)
        withUnsafePointer(to: job.pointee.attention) { attention in
            let share = Compute.share(volley_attention_units(attention), part, parts)
            job.pointee.kernels.pointee.attend(
                attention, share.lowerBound, share.upperBound, job.pointee.scratch + member * job.pointee.scratchCount)
        }
    }

    /// Runs one key range for the queries of one KV head.
    static func runRange(_ pointer: UnsafeRawPointer, _ part: Int, member: Int) {
        let job = pointer.assumingMemoryBound(to: AttentionJob.self)
        withUnsafePointer(to: job.pointee.attention) { attention in
            job.pointee.kernels.pointee.attend_ranges(
                attention, part, part + 1, job.pointee.scratch + member * job.pointee.scratchCount,
                job.pointee.partials)
        }
    }
}
