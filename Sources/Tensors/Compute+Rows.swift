import CKernels

extension Compute {
    /// RMSNorm of each row (arXiv 1910.07467): input · weight / sqrt(mean(input²) + epsilon).
    ///
    /// - Parameters:
    ///   - input: [rowCount, width]
    ///   - weight: [width]
    ///   - output: [rowCount, width]
    package func normalizeRows(
        _ input: UnsafePointer<Float>, rowCount: Int, width: Int, weight: UnsafePointer<Float>, epsilon: Float,
        output: UnsafeMutablePointer<Float>
    ) {
        for row in 0..<rowCount {
            kernels.pointee.rms_norm(output + row * width, input + row * width, weight, width, epsilon)
        }
    }

    /// RMSNorm of each head in place; heads lie side by side in rows `rowStride` apart.
    ///
    /// - Parameter weight: [headWidth]
    package func normalizeHeads(
        _ heads: UnsafeMutablePointer<Float>, rowCount: Int, rowStride: Int, headCount: Int, headWidth: Int,
        weight: UnsafePointer<Float>, epsilon: Float
    ) {
        for row in 0..<rowCount {
            for head in 0..<headCount {
                let values = heads + row * rowStride + head * headWidth
                kernels.pointee.rms_norm(values, values, weight, headWidth, epsilon)
            }
        }
    }

    /// RoPE (arXiv 2104.09864) of each head in place, value i paired with value i + headWidth / 2.
    ///
    /// - Parameter cosines: [rowCount, headWidth / 2], as `sines`
    package func rotateHeads(
        _ heads: UnsafeMutablePointer<Float>, rowCount: Int, rowStride: Int, headCount: Int, headWidth: Int,
        cosines: UnsafePointer<Float>, sines: UnsafePointer<Float>
    ) {
        for row in 0..<rowCount {
            let angles = row * headWidth / 2
            for head in 0..<headCount {
                kernels.pointee.rotate(
                    heads + row * rowStride + head * headWidth, cosines + angles, sines + angles, headWidth)
            }
        }
    }

    /// output = silu(gate) ⊙ up (arXiv 2002.05202).
    ///
    /// - Parameters:
    ///   - gateUp: [rowCount, gate | up], each `width` wide
    ///   - output: [rowCount, width]
    package func gate(
        _ gateUp: UnsafePointer<Float>, rowCount: Int, width: Int, output: UnsafeMutablePointer<Float>
    ) {
        var job = GateJob(kernels: kernels, input: gateUp, output: output, rowCount: rowCount, width: width)
        let parts = rowCount * width < Self.parallelCount ? 1 : team.count
        team.run(parts: parts, { GateJob.run($0, $1, $2, member: $3) }, &job)
    }

    /// y += x, both [count].
    package func add(_ x: UnsafePointer<Float>, to y: UnsafeMutablePointer<Float>, count: Int) {
        kernels.pointee.add(y, x, count)
    }
}

private struct GateJob: BitwiseCopyable {
    let kernels: UnsafePointer<volley_kernels>
    let input: UnsafePointer<Float>
    let output: UnsafeMutablePointer<Float>
    let rowCount: Int
    let width: Int

    static func run(_ pointer: UnsafeRawPointer, _ part: Int, _ parts: Int, member: Int) {
        let job = pointer.assumingMemoryBound(to: GateJob.self).pointee
        for row in Compute.share(job.rowCount, part, parts) {
            let gate = job.input + 2 * row * job.width
            job.kernels.pointee.silu_gate(job.output + row * job.width, gate, gate + job.width, job.width)
        }
    }
}
