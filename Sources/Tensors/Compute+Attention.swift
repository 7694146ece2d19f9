import CKernels

extension Compute {
    /// softmax(scale · q · kᵀ) · v for every query, [rowCount, headCount·headWidth].
    package func attend(_ pass: AttentionPass, output: UnsafeMutablePointer<Float>) {
        var job = AttentionJob(
            kernels: kernels, attention: pass.kernelAttention(output: output), scratch: attentionScratch.pointer,
            scratchCount: attentionScratchCount)
        // One kv head's queries stay together, as they share each reading of its keys.
        let units = pass.ring.keyValueHeadCount * max(1, pass.rowCount / Int(VOLLEY_MAX_ROWS))
        team.run(parts: min(units, parts(of: units)), { AttentionJob.run($0, $1, $2, member: $3) }, &job)
    }
}

private struct AttentionJob {
    let kernels: UnsafePointer<volley_kernels>
    var attention: volley_attention
    let scratch: UnsafeMutablePointer<Float>
    let scratchCount: Int

    static func run(_ pointer: UnsafeRawPointer, _ part: Int, _ parts: Int, member: Int) {
        let job = pointer.assumingMemoryBound(to: AttentionJob.self)
        withUnsafePointer(to: job.pointee.attention) { attention in
            let share = Compute.share(volley_attention_units(attention), part, parts)
            job.pointee.kernels.pointee.attend(
                attention, share.lowerBound, share.upperBound, job.pointee.scratch + member * job.pointee.scratchCount)
        }
    }
}
