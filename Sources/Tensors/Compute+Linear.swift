import CKernels
import COpenBLAS

extension Compute {
    /// output[row, n] = Σ weights[n, k] · input[row, k].
    ///
    /// Up to 16 rows share one reading of the weights; more go through OpenBLAS on dequantised tiles. Quantised weights
    /// multiply activations rounded to int16 on both paths.
    /// - Parameters:
    ///   - input: [rowCount, weights.columns]
    ///   - output: [rowCount, weights.rows]
    package func linear(
        _ weights: Linear, _ input: UnsafePointer<Float>, rowCount: Int, output: UnsafeMutablePointer<Float>
    ) {
        precondition(weights.columns <= maximumColumns)
        if rowCount <= Int(VOLLEY_MAX_ROWS) {
            multiplyByKernels(weights, input, rowCount: rowCount, output: output)
        } else {
            multiplyByBLAS(weights, input, rowCount: rowCount, output: output)
        }
    }

    private func multiplyByKernels(
        _ weights: Linear, _ input: UnsafePointer<Float>, rowCount: Int, output: UnsafeMutablePointer<Float>
    ) {
        if weights.roundsActivations {
            kernels.pointee.quantize(blocks.pointer, input, rowCount * weights.columns)
        }
        var job = LinearJob(
            kernels: kernels, slices: weights.slices.pointer, sliceCount: weights.slices.count, input: input,
            rounded: UnsafeRawPointer(blocks.pointer), output: output, rowCount: rowCount, rows: weights.rows,
            columns: weights.columns, tiles: tiles.pointer)
        team.run({ LinearJob.at($0).multiply(part: $1, of: $2) }, &job)
    }

    private func multiplyByBLAS(
        _ weights: Linear, _ input: UnsafePointer<Float>, rowCount: Int, output: UnsafeMutablePointer<Float>
    ) {
        if weights.roundsActivations { round(input, count: rowCount * weights.columns) }
        var job = LinearJob(
            kernels: kernels, slices: weights.slices.pointer, sliceCount: weights.slices.count, input: input,
            rounded: UnsafeRawPointer(rounded.pointer), output: output, rowCount: rowCount, rows: weights.rows,
            columns: weights.columns, tiles: tiles.pointer)
        team.run({ LinearJob.at($0).multiplyTiles(part: $1, of: $2) }, &job)
    }

    private func round(_ input: UnsafePointer<Float>, count: Int) {
        var job = RoundJob(kernels: kernels, input: input, output: rounded.pointer, blockCount: count / 32)
        team.run(
            {
                let job = $0.assumingMemoryBound(to: RoundJob.self).pointee
                let share = Compute.share(job.blockCount, $1, $2)
                job.kernels.pointee.round(
                    job.output + 32 * share.lowerBound, job.input + 32 * share.lowerBound, 32 * share.count)
            }, &job)
    }
}

private struct RoundJob {
    let kernels: UnsafePointer<volley_kernels>
    let input: UnsafePointer<Float>
    let output: UnsafeMutablePointer<Float>
    let blockCount: Int
}

/// What a thread needs to know of a matmul: nothing that is reference-counted.
private struct LinearJob: BitwiseCopyable {
    let kernels: UnsafePointer<volley_kernels>
    let slices: UnsafePointer<Linear.Slice>
    let sliceCount: Int
    let input: UnsafePointer<Float>
    /// The input as quantised weights take it: int16 blocks for kernels, float32 for OpenBLAS.
    let rounded: UnsafeRawPointer
    let output: UnsafeMutablePointer<Float>
    let rowCount: Int
    let rows: Int
    let columns: Int
    let tiles: UnsafeMutablePointer<Float>

    static func at(_ pointer: UnsafeRawPointer) -> LinearJob { pointer.assumingMemoryBound(to: LinearJob.self).pointee }

    /// Weight rows of `slice` that fall into `part`'s share of all outputs.
    private func share(_ slice: Linear.Slice, _ part: Int, _ parts: Int) -> Range<Int> {
        let mine = Compute.share(rows, part, parts)
        return (mine.lowerBound - slice.firstOutput..<mine.upperBound - slice.firstOutput)
            .clamped(to: 0..<slice.rows)
    }

    func multiply(part: Int, of parts: Int) {
        for index in 0..<sliceCount {
            let slice = slices[index]
            let share = share(slice, part, parts)
            guard !share.isEmpty else { continue }
            volley_matmul(
                kernels, slice.format.kernelFormat, output + slice.firstOutput, rows, slice.bytes,
                slice.format.roundsActivations ? rounded : UnsafeRawPointer(input), columns, share.lowerBound,
                share.upperBound, rowCount)
        }
    }

    /// Threads take whole tiles: OpenBLAS rounds by the shape that it is given, which must not depend on their number.
    func multiplyTiles(part: Int, of parts: Int) {
        let tile = tiles + part * Compute.tileRows * columns
        let tileCount = (0..<sliceCount).reduce(0) { $0 + self.tileCount(slices[$1]) }
        let mine = Compute.share(tileCount, part, parts)
        var passed = 0
        for index in 0..<sliceCount {
            let slice = slices[index]
            let numbers = (mine.lowerBound - passed..<mine.upperBound - passed).clamped(to: 0..<self.tileCount(slice))
            for number in numbers {
                let first = number * Compute.tileRows
                multiplyTile(slice, rows: first..<min(first + Compute.tileRows, slice.rows), tile: tile)
            }
            passed += self.tileCount(slice)
        }
    }

    private func tileCount(_ slice: Linear.Slice) -> Int { (slice.rows + Compute.tileRows - 1) / Compute.tileRows }

    private func multiplyTile(_ slice: Linear.Slice, rows tileRows: Range<Int>, tile: UnsafeMutablePointer<Float>) {
        for row in tileRows {
            volley_dequantize(
                kernels, slice.format.kernelFormat, tile + (row - tileRows.lowerBound) * columns,
                slice.bytes + row * slice.rowByteCount, columns)
        }
        let activations = slice.format.roundsActivations ? rounded.assumingMemoryBound(to: Float.self) : input
        cblas_sgemm(
            CblasRowMajor, CblasNoTrans, CblasTrans, blasint(rowCount), blasint(tileRows.count), blasint(columns), 1,
            activations, blasint(columns), tile, blasint(columns), 0,
            output + slice.firstOutput + tileRows.lowerBound, blasint(rows))
    }
}
