import CKernels
import COpenBLAS

/// One session's arithmetic: its thread team, its kernels and all scratch memory they need.
///
/// Small work runs on the caller, large work on the team; neither changes a bit of the result.
package final class Compute {
    let kernels: UnsafePointer<volley_kernels>
    let team: ThreadTeam
    let readingOrder = ReadingOrder()
    var fetchTrials = FetchTrials()
    /// What activations are rounded to for quantised weights.
    let activations: ActivationFormat
    /// Rounded activations, as kernels want them.
    let blocks: AlignedBuffer<UInt8>
    /// Weights as float32 for OpenBLAS, `tileRows` rows for each thread.
    let tiles: AlignedBuffer<Float>
    /// Attention's scratch of each thread.
    let attentionScratch: AlignedBuffer<Float>
    let attentionScratchCount: Int
    /// What queries have added up in single key ranges; grows with the context.
    var attentionPartials = AlignedBuffer<Float>(count: 0)
    /// Panels that a screen has left; as many as the largest screened matrix has.
    var candidatePanels = AlignedBuffer<Int>(count: 0)
    let maximumRows: Int
    let maximumColumns: Int

    /// Input rows from which on plain weights go through OpenBLAS.
    static let blasRows = 17
    /// Most input rows that only our own kernels multiply, whatever the weights.
    package static var kernelRows: Int { blasRows - 1 }
    /// Weight rows of one sgemm.
    static let tileRows = 64
    /// Bytes of weights in a part of a matmul, or nearly.
    static let partByteCount = 1 << 16
    /// Nanoseconds of work on one core from which on sharing it gains more than meeting afterwards costs.
    static let worthSharing = 1500.0

    /// - Parameters:
    ///   - maximumRows: most input rows of one pass.
    ///   - maximumColumns: widest input of a matmul.
    ///   - headWidth: width of an attention head.
    ///   - activations: what quantised weights multiply.
    /// - Throws: where the system refuses a thread.
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
        tiles = AlignedBuffer(count: maximumRows < Self.blasRows ? 0 : team.count * Self.tileRows * maximumColumns)
        attentionScratchCount = volley_attention_scratch(headWidth)
        attentionScratch = AlignedBuffer(count: team.count * attentionScratchCount)
        openblas_set_num_threads(1)  // the team divides the work, OpenBLAS computes one slice at a time
    }

    /// Parts for work that could be cut into `pieces`: as many for each thread, at least one, and no more than balance them.
    func parts(of pieces: Int) -> Int { team.count * min(max(1, (pieces + team.count - 1) / team.count), 32) }

    /// The half-open range of `count` items that `part` of `parts` takes.
    static func share(_ count: Int, _ part: Int, _ parts: Int) -> Range<Int> {
        count * part / parts..<count * (part + 1) / parts
    }
}
