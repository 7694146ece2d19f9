import CKernels
import COpenBLAS

/// One session's arithmetic: its thread team, its kernels and all scratch memory they need.
///
/// Small work runs on the caller, large work on the team; neither changes a bit of the result.
package final class Compute {
    let kernels: UnsafePointer<volley_kernels>
    let team: ThreadTeam
    /// Activations rounded to int16, [row][column / 32].
    let blocks: AlignedBuffer<volley_block>
    /// The same as float32 for OpenBLAS, [row, column].
    let rounded: AlignedBuffer<Float>
    /// Dequantised weights, `tileRows` rows for each thread.
    let tiles: AlignedBuffer<Float>
    /// Attention's scratch of each thread.
    let attentionScratch: AlignedBuffer<Float>
    let attentionScratchCount: Int
    let maximumColumns: Int

    /// Weight rows that a thread dequantises for one sgemm.
    static let tileRows = 64
    /// Values above which element-wise work is worth waking the team.
    static let parallelCount = 1 << 15

    /// - Parameters:
    ///   - maximumRows: most input rows of one pass.
    ///   - maximumColumns: widest input of a matmul.
    ///   - headWidth: width of an attention head.
    package init(
        threadCount: Int, maximumRows: Int, maximumColumns: Int, headWidth: Int,
        instructionSet: InstructionSet = .best
    ) {
        kernels = instructionSet.kernels
        team = ThreadTeam(count: threadCount)
        self.maximumColumns = maximumColumns
        blocks = AlignedBuffer(count: Int(VOLLEY_MAX_ROWS) * (maximumColumns / 32 + 1))
        let usesBLAS = maximumRows > Int(VOLLEY_MAX_ROWS)
        rounded = AlignedBuffer(count: usesBLAS ? maximumRows * maximumColumns : 0)
        tiles = AlignedBuffer(count: usesBLAS ? team.count * Self.tileRows * maximumColumns : 0)
        attentionScratchCount = volley_attention_scratch(headWidth)
        attentionScratch = AlignedBuffer(count: team.count * attentionScratchCount)
        openblas_set_num_threads(1)  // the team divides the work, OpenBLAS computes one slice at a time
    }

    /// The half-open range of `count` items that `part` of `parts` takes.
    static func share(_ count: Int, _ part: Int, _ parts: Int) -> Range<Int> {
        count * part / parts..<count * (part + 1) / parts
    }
}
