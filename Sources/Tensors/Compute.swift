import CKernels

/// The numeric workspace of a session: thread team, kernels and all scratch memory.
///
/// Small operations run on the calling thread, large ones on the team. The result has the same bits either way.
package final class Compute {
    let kernels: UnsafePointer<volley_kernels>
    let team: ThreadTeam
    let readingOrder = ReadingOrder()
    var prefetchTrials = PrefetchTrials()
    /// The format that activations are rounded to for quantised weights.
    let activations: ActivationFormat
    /// Rounded activations, in the kernels' block layout.
    let blocks: AlignedBuffer<UInt8>
    /// Weights converted to float32 for OpenBLAS: `tileRows` rows for each thread.
    let tiles: AlignedBuffer<Float>
    /// Scratch memory of attention, `attentionScratchCount` floats for each thread.
    let attentionScratch: AlignedBuffer<Float>
    let attentionScratchCount: Int
    /// Attention sums over single key ranges. Grows with the context.
    var attentionPartials = AlignedBuffer<Float>(count: 0)
    /// Candidate panels of a screen. Grows to the panel count of the largest screened matrix.
    var candidatePanels = AlignedBuffer<Int>(count: 0)
    let maximumRows: Int
    let maximumColumns: Int

    /// Most input rows for which every format uses our own kernels. Float weights go through OpenBLAS for more.
    package static let kernelRows = 16
    /// Weight rows in one sgemm call.
    static let tileRows = 64
    /// Approximate bytes of weights in a part of a matmul.
    static let partByteCount = 1 << 16
    /// Work, in nanoseconds on one core, above which sharing it gains more than the barrier costs.
    static let parallelThreshold = 1500.0

    /// - Parameters:
    ///   - maximumRows: most input rows in one call.
    ///   - maximumColumns: most columns of a matmul's input.
    ///   - headWidth: width of an attention head.
    ///   - activations: the format that activations are rounded to for quantised weights.
    /// - Throws: if the system cannot start a thread.
    package init(
        threadCount: Int, pinsThreads: Bool = false, maximumRows: Int, maximumColumns: Int, headWidth: Int,
        activations: ActivationFormat = .int16, instructionSet: InstructionSet = .best
    ) throws(ThreadRefusal) {
        kernels = instructionSet.kernels
        team = try ThreadTeam(count: threadCount, isPinned: pinsThreads)
        self.maximumRows = maximumRows
        self.maximumColumns = maximumColumns
        self.activations = activations
        blocks = AlignedBuffer(count: maximumRows * (maximumColumns / 32 + 1) * activations.bytesPerBlock)
        let usesBLAS = OpenBLAS.isAvailable && maximumRows > Self.kernelRows
        tiles = AlignedBuffer(count: usesBLAS ? team.count * Self.tileRows * maximumColumns : 0)
        attentionScratchCount = volley_attention_scratch(headWidth)
        attentionScratch = AlignedBuffer(count: team.count * attentionScratchCount)
    }

    /// Number of parts for work that divides into `pieces`: a multiple of the thread count, with 1 to 32 parts a
    /// thread.
    func parts(of pieces: Int) -> Int { team.count * min(max(1, (pieces + team.count - 1) / team.count), 32) }

    /// The range of `count` items that belongs to `part` of `parts`.
    static func share(_ count: Int, _ part: Int, _ parts: Int) -> Range<Int> {
        count * part / parts..<count * (part + 1) / parts
    }
}
