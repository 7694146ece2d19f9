import Models
import Tensors

/// Runs sequences through a model: one trunk pass over every row that a head needs, one head pass, one `lm_head`.
///
/// It owns the threads and the scratch memory. A lone sequence is a batch of one. Each sequence gets the same bits in a shared
/// pass as alone. Used by one thread at a time.
package final class Engine {
    package let stack: LayerStack
    package let options: SessionOptions
    /// Passes and rows of all sequences so far.
    package private(set) var passes = PassCounts()
    /// Whether a sequence gets the same bits however its prompt is split into chunks. Not so with float weights: OpenBLAS,
    /// which multiplies more than 16 rows, rounds differently for each number of rows.
    package let isRowExact: Bool

    /// Rows of a chunk in the prompt cache: those of a whole pass, if its rounding depends on them.
    var cachedRows: Int { isRowExact ? min(128, chunkRows) : chunkRows }

    let forward: ForwardPass
    /// Runs the smaller model that drafts; nil without one.
    private let modelDrafter: ModelDrafter?
    /// Maximum number of rows of one sequence in a pass.
    private let chunkRows: Int
    /// [row, hidden]
    let hidden: AlignedBuffer<Float>
    /// [row, vocabulary]: logits of sequences that share an `lm_head`; grows with their number.
    var sharedLogits = AlignedBuffer<Float>(count: 0)
    private var segments: [Segment] = []

    /// - Parameters:
    ///   - batchSize: the maximum number of sequences that share a pass.
    ///   - draft: a smaller model with the same vocabulary, for plans whose drafts come from one.
    /// - Throws: `SessionError` for invalid options, or if the system refuses a thread.
    package init(
        _ stack: LayerStack, options: SessionOptions = SessionOptions(), batchSize: Int = 1, draft: LayerStack? = nil
    ) throws(SessionError) {
        try options.check()
        self.stack = stack
        self.options = options
        chunkRows = options.maximumRows(contextLength: stack.configuration.contextLength)
        let rows = max(chunkRows, batchSize * MultiTokenPlan.factors.upperBound)
        forward = try ForwardPass(stack, maximumRows: rows, window: options.window, options: options)
        hidden = AlignedBuffer(count: rows * stack.configuration.hiddenSize)
        isRowExact = stack.formats.allSatisfy { $0.valuesPerBlock > 1 }
        segments.reserveCapacity(batchSize)
        let vocabularySize = stack.configuration.vocabularySize
        modelDrafter = try draft.map { draft throws(SessionError) in
            try ModelDrafter(draft, options: options, batchSize: batchSize, vocabularySize: vocabularySize)
        }
    }

    /// Times of the parts of passes; nil unless profiling.
    package var profile: PassProfile? {
        get { forward.profile }
        set { forward.profile = newValue }
    }

    /// An empty sequence for this engine's model.
    package func makeSequence() -> TokenSequence { TokenSequence(stack.configuration, options: options) }

    /// The logits that a run computes.
    package enum Wanted {
        /// All logits after a sequence's last token.
        case last
        /// The largest logit after a sequence's last token; the others may be −∞.
        case largest
        /// The logits after each position that the head runs over.
        case each((_ position: Int, UnsafeBufferPointer<Float>) -> Void)
        /// None, but the hidden state after the final norm, [hidden], of each position that the head runs over.
        case states((_ position: Int, UnsafeBufferPointer<Float>) -> Void)
    }

    /// Runs the head of every sequence up to its last token; `logits` of each are then those after it.
    ///
    /// - Parameters:
    ///   - isCancelled: called before each pass.
    ///   - afterPass: called after each pass.
    /// - Returns: false if the run was cancelled; a later call continues from there.
    @discardableResult
    package func run(
        _ sequences: [TokenSequence], wanted: Wanted = .last, isCancelled: () -> Bool = { false },
        afterPass: () -> Void = {}
    ) -> Bool {
        for sequence in sequences { sequence.takeRowLogits() }
        while sequences.contains(where: \.isBehind) {
            guard step(sequences, wanted: wanted, isCancelled: isCancelled) else { return false }
            afterPass()
        }
        return true
    }

    /// Runs one pass of trunk and head, with the passes of drafts between them.
    ///
    /// - Parameter rowLimit: the maximum number of rows of one sequence.
    /// - Returns: false if the step was cancelled.
    @discardableResult
    package func step(
        _ sequences: [TokenSequence], rowLimit: Int = .max, wanted: Wanted = .last,
        isCancelled: () -> Bool = { false }
    ) -> Bool {
        for sequence in sequences { sequence.refreshHead() }
        guard stack.cycleHead != nil else {
            return step(sequences, .own, rowLimit: rowLimit, wanted: wanted, isCancelled: isCancelled)
        }
        // With a head of its own for cycles, sequences at head-only places take a pass apart.
        let behind = sequences.filter(\.isBehind)
        for part in [HeadPart.own, .cycle] {
            let group = behind.filter { $0.progress.nextHeadPart == part }
            guard !group.isEmpty else { continue }
            guard step(group, part, rowLimit: rowLimit, wanted: wanted, isCancelled: isCancelled) else { return false }
        }
        return true
    }

    /// Runs one pass of trunk and head over sequences whose next positions the same head runs.
    private func step(
        _ sequences: [TokenSequence], _ part: HeadPart, rowLimit: Int, wanted: Wanted, isCancelled: () -> Bool
    ) -> Bool {
        let plan = PassPlan(
            sequences.map(\.progress), rowLimit: min(rowLimit, chunkRows), totalRows: forward.maximumRows,
            sharesWideRows: isRowExact, separatesHeadOnly: stack.cycleHead != nil)
        guard !isCancelled() else { return false }
        draft(sequences, plan, isCancelled: isCancelled)
        runTrunk(sequences) { plan.trunkRows($0, of: sequences[$0]) }
        TrunkDrafter().draft(sequences, counts: plan.draftCounts(sequences, from: .trunk), engine: self)
        guard !isCancelled() else {
            for sequence in sequences { sequence.forgetDrafts() }
            return false
        }
        let rows = { plan.headRows($0, of: sequences[$0]) }
        runHead(sequences, part, rows: rows)
        giveLogits(to: sequences, part, rows: rows, wanted)
        return true
    }

    /// Makes the drafts that precede the trunk's pass.
    private func draft(_ sequences: [TokenSequence], _ plan: PassPlan, isCancelled: () -> Bool) {
        HeadDrafter().draft(sequences, counts: plan.draftCounts(sequences, from: .head), engine: self)
        TextDrafter().draft(sequences, counts: plan.draftCounts(sequences, from: .text))
        modelDrafter?.draft(
            sequences, counts: plan.draftCounts(sequences, from: .model), isCancelled: isCancelled)
        for (sequence, share) in zip(sequences, plan.shares) where share.headRows > 0 && share.draftCount == 0 {
            sequence.draftPace.rest()
        }
    }

    /// Runs the trunk over the next `rows(index)` rows of the sequence at each index.
    func runTrunk(_ sequences: [TokenSequence], rows: (Int) -> Int) {
        segments.removeAll(keepingCapacity: true)
        var row = 0
        for (index, sequence) in sequences.enumerated() {
            let count = rows(index)
            guard count > 0 else { continue }
            sequence.feedTrunk(hiddenRow(row), rowCount: count, stack)
            segments.append(sequence.trunkSegment(rowCount: count))
            row += count
        }
        guard row > 0 else { return }
        forward.measured(.trunk) { forward.run(stack.trunk, segments, hidden: hidden.pointer) }
        passes.countTrunk(row)
        row = 0
        for (index, sequence) in sequences.enumerated() {
            let count = rows(index)
            guard count > 0 else { continue }
            sequence.takeTrunk(hiddenRow(row), rowCount: count)
            row += count
        }
    }

    /// Runs the head over the next `rows(index)` rows of the sequence at each index.
    ///
    /// - Parameter input: what the head is fed; nil for what the plan says.
    func runHead(_ sequences: [TokenSequence], _ part: HeadPart, fed input: HeadInput? = nil, rows: (Int) -> Int) {
        segments.removeAll(keepingCapacity: true)
        var row = 0
        for (index, sequence) in sequences.enumerated() {
            let count = rows(index)
            guard count > 0 else { continue }
            sequence.feedHead(hiddenRow(row), rowCount: count, input, forward)
            segments.append(sequence.headSegment(rowCount: count))
            row += count
        }
        guard row > 0 else { return }
        forward.measured(.head) { forward.run(part.layers(of: stack), segments, hidden: hidden.pointer) }
        passes.countHead(row)
        for (index, sequence) in sequences.enumerated() where rows(index) > 0 {
            sequence.takeHead(rowCount: rows(index))
        }
    }

    func hiddenRow(_ row: Int) -> UnsafeMutablePointer<Float> {
        hidden.pointer + row * stack.configuration.hiddenSize
    }
}

extension PassPlan {
    /// The planned drafts of each sequence whose drafts come from `source`.
    fileprivate func draftCounts(_ sequences: [TokenSequence], from source: Drafting.Source) -> [Int] {
        zip(sequences, shares).map { $0.plan.drafting?.source == source ? $1.draftCount : 0 }
    }

    /// The trunk's rows of a sequence. There may be fewer drafts than planned.
    fileprivate func trunkRows(_ index: Int, of sequence: TokenSequence) -> Int {
        let precedesTrunk = sequence.plan.drafting?.precedesTrunk == true
        return shares[index].trunkRows - (precedesTrunk ? missingDrafts(index, sequence) : 0)
    }

    /// The head's rows of a sequence, likewise.
    fileprivate func headRows(_ index: Int, of sequence: TokenSequence) -> Int {
        shares[index].headRows - missingDrafts(index, sequence)
    }

    private func missingDrafts(_ index: Int, _ sequence: TokenSequence) -> Int {
        shares[index].draftCount > 0 ? shares[index].draftCount - sequence.drafts.count : 0
    }
}
