import Models
import Tensors

/// The state of one text: its tokens, and what an `Engine` has computed for them.
///
/// `begin` adds a prompt, `append` a generated token, and `Engine.run` runs the head up to the last token.
///
/// Invariants after a run: the head's ring has an entry for every token. The trunk's ring lacks the last tokens if no position
/// has needed them yet, and the tokens that the plan never lets it see. `fed` holds the input of each of the head's entries.
package final class TokenSequence {
    package let options: SessionOptions
    /// Every token so far, prompt and generated.
    package private(set) var tokens: [Int] = []
    /// Passes and rows of this sequence so far.
    package internal(set) var passes = PassCounts()
    package private(set) var plan: any DecodePlan = .vanilla

    let configuration: ModelConfiguration
    private(set) var trunkRing: KVRing
    private(set) var headRing: KVRing
    var trunkOutputs: TrunkOutputs
    /// The head's input for each of its entries.
    var fed: [HeadInput] = []
    var drafts = Drafts()
    /// Draws drafts; nil to draft the most likely tokens.
    var draftSampler: DraftSampler?
    /// The place in the constrained text after the last token; nil without a constraint.
    var cursor: ConstraintCursor?
    /// The smaller model's sequence of the same text, for `ModelDrafter`.
    var draftTwin: TokenSequence?
    var draftPace = DraftPace()
    /// Drafts of this sequence so far.
    package internal(set) var draftCounts = DraftCounts()
    /// Whether a pass that refreshes the head also gives the logits after the positions that it reads again.
    package var isMetered = false
    /// The logits after the rows of the last pass, if it gave those of several.
    var rowLogits: RowLogits
    private(set) var promptCount = 0
    /// Positions whose token begins a cycle, as recorded for a plan with a `cycleEnd`.
    private(set) var cycleStarts: [Int] = []
    /// The logits of the last position run: [vocabulary].
    let lastLogits: AlignedBuffer<Float>
    private let depthLog: DepthLog
    /// The end of the positions that passes over whole chunks have computed (`CachedPrefixes`).
    var wholeChunkEnd = 0

    init(_ configuration: ModelConfiguration, options: SessionOptions) {
        self.configuration = configuration
        self.options = options
        let shapes = KVRing.shapes(configuration, options: options)
        trunkRing = KVRing(shapes.trunk)
        headRing = KVRing(shapes.head)
        trunkOutputs = TrunkOutputs(width: configuration.hiddenSize, limit: shapes.trunk.limit)
        lastLogits = AlignedBuffer(count: configuration.vocabularySize)
        rowLogits = RowLogits(vocabularySize: configuration.vocabularySize)
        depthLog = DepthLog(layerCount: configuration.layerCount)
    }

    /// An independent sequence with the same tokens and everything computed for them, except drafts.
    package func copy() -> TokenSequence {
        let copy = TokenSequence(configuration, options: options)
        (copy.tokens, copy.promptCount, copy.plan, copy.fed) = (tokens, promptCount, plan, fed)
        copy.cycleStarts = cycleStarts
        (copy.trunkRing, copy.headRing, copy.trunkOutputs) = (trunkRing.copy(), headRing.copy(), trunkOutputs.copy())
        copy.depthLog.record = depthLog.record
        copy.forgetDrafts()
        return copy
    }

    /// Sets an empty sequence to a saved one. The caller then restores trunk outputs and rings.
    func adopt(_ saved: SavedSequence) {
        (tokens, promptCount, fed) = (saved.tokens, saved.promptCount, saved.fed)
        plan = RestoredPlan(layers: saved.layers)
        depthLog.record = saved.depths
        trunkOutputs.skip(to: saved.firstOutput)
    }

    /// The logits of the last position run: [vocabulary].
    package var logits: UnsafeBufferPointer<Float> {
        UnsafeBufferPointer(start: lastLogits.pointer, count: lastLogits.count)
    }

    /// The layers that each position ran; empty if the plan skips none.
    package var depths: DepthRecord { depthLog.record }

    /// Bytes allocated for keys and values.
    package var kvByteCount: Int { trunkRing.byteCount + headRing.byteCount }

    /// - Throws: `SessionError.cacheOverflow` if a key or value is too large for the cache's format: the logits are then wrong.
    package func checkCache() throws(SessionError) {
        guard let position = [trunkRing, headRing].compactMap(\.overflowPosition).min() else { return }
        throw .cacheOverflow(position: position)
    }

    /// The number of positions that the sequence can still take; unlimited with a window.
    package var remainingPositions: Int { remainingPositions(after: tokens.count) }

    private func remainingPositions(after count: Int) -> Int {
        options.window == nil ? configuration.contextLength - count : .max
    }

    /// The number of positions that the head has seen, drafts included.
    package var computedCount: Int { headRing.count }

    /// Whether the head has not seen the last token.
    package var isBehind: Bool { headRing.count < tokens.count }

    /// The prompt, the tokens and the cycles so far: a plan's input depends on them beside the position.
    package var layout: TextLayout {
        TextLayout(promptCount: promptCount, tokenCount: tokens.count, cycleStarts: cycleStarts)
    }

    /// The sequence's progress, the input of `PassPlan`.
    var progress: SequenceProgress {
        SequenceProgress(
            plan: plan, text: layout, trunkEnd: trunkRing.end, headCount: headRing.count,
            remainingPositions: remainingPositions, draftPace: draftPace)
    }

    /// The layers that the sequence's tokens run; nil for all.
    var skipping: Skipping? { Skipping(plan.layers, log: depthLog) }

    /// Adds a prompt, or a conversation's next turn, to be decoded by `plan`. All tokens so far are then the prompt.
    ///
    /// - Throws: `SessionError` for an empty prompt, an id outside the vocabulary, or more tokens than the context holds. The
    ///   sequence is then unchanged.
    package func begin(_ prompt: [Int], plan: any DecodePlan = .vanilla) throws(SessionError) {
        try check(prompt, after: tokens.count)
        forgetDrafts()
        tokens += prompt
        promptCount = tokens.count
        cycleStarts.removeAll()
        if plan.layers != self.plan.layers { forgetAll() }
        self.plan = plan
        forgetMismatches()
    }

    /// Decodes the next tokens by `plan`, which gives the same text as the current one.
    ///
    /// - Precondition: both feed T at every position, and no draft waits to be verified.
    func change(to plan: any DecodePlan) { self.plan = plan }

    /// Adds one generated token.
    ///
    /// - Parameter beginsCycle: whether it begins a cycle, if the plan has a `cycleEnd`; nil to decide it by the logits of the last
    ///   position run.
    package func append(_ token: Int, beginsCycle: Bool? = nil) throws(SessionError) {
        guard remainingPositions > 0 else {
            throw .promptTooLong(count: tokens.count + 1, contextLength: configuration.contextLength)
        }
        guard (0..<configuration.vocabularySize).contains(token) else {
            throw .tokenOutOfRange(token, vocabularySize: configuration.vocabularySize)
        }
        judgeDraft(token)
        if let end = plan.cycleEnd {
            let last = cycleStarts.last ?? tokens.count - end.maximum
            let isCut = beginsCycle ?? (isBehind || end.comes(after: token, from: logits))
            if isCut || tokens.count - last >= end.maximum { cycleStarts.append(tokens.count) }
        }
        tokens.append(token)
    }

    /// Makes room for `count` more tokens, so that appending them allocates nothing.
    package func reserveTokens(_ count: Int) {
        tokens.reserveCapacity(tokens.count + count)
        fed.reserveCapacity(tokens.count + count)
        if skipping != nil { depthLog.record.reserve(tokens.count + min(count, 1 << 14)) }
    }

    /// Makes room in the rings for `entries`.
    package func reserve(_ entries: RingEntries) {
        for (ring, count) in [(trunkRing, entries.trunk), (headRing, entries.head)] where ring.count < count {
            ring.reserve(count - ring.count)
        }
    }

    /// Bytes of keys and values with room for `entries`.
    package func kvByteCount(reserving entries: RingEntries) -> Int {
        trunkRing.byteCount(reserving: entries.trunk) + headRing.byteCount(reserving: entries.head)
    }

    /// The cycle index of the pass that emitted the token at `index`; nil for the prompt's tokens and the first generated one.
    package func cycleIndex(ofTokenAt index: Int) -> Int? {
        plan.cycleIndex(of: index - 1, in: layout)
    }

    private func check(_ prompt: [Int], after count: Int) throws(SessionError) {
        guard !prompt.isEmpty else { throw .emptyPrompt }
        let size = configuration.vocabularySize
        if let token = prompt.first(where: { !(0..<size).contains($0) }) {
            throw .tokenOutOfRange(token, vocabularySize: size)
        }
        guard prompt.count <= remainingPositions(after: count) else {
            throw .promptTooLong(count: count + prompt.count, contextLength: configuration.contextLength)
        }
    }
}

extension TokenSequence {
    /// Makes `prompt` the whole sequence, and keeps what was computed for the longest shared prefix.
    ///
    /// - Throws: the errors of `begin`.
    package func restart(_ prompt: [Int], plan: any DecodePlan) throws(SessionError) {
        try check(prompt, after: 0)
        // The last token always runs again: the answer's first token comes from its logits.
        let shared = min(zip(prompt, tokens).prefix { $0 == $1 }.count, prompt.count - 1)
        truncate(to: shared)
        try begin(Array(prompt[shared...]), plan: plan)
    }

    /// Removes the tokens from `count` on, and what was computed for them.
    package func truncate(to count: Int) {
        precondition((0...tokens.count).contains(count))
        forgetDrafts()
        tokens.removeSubrange(count...)
        promptCount = min(promptCount, count)
        cycleStarts.removeAll { $0 >= count }
        forgetHead(from: min(count, headRing.count))
        if trunkRing.end > count || lacksOutputsOfHead { forgetTrunk(from: min(count, headRing.count)) }
    }

    /// Removes drafts that were not appended, and what was computed for them.
    func forgetDrafts() {
        drafts.removeAll()
        rowLogits.removeAll()
        if headRing.count > tokens.count { forgetHead(from: tokens.count) }
        if trunkRing.end > tokens.count { forgetTrunk(from: tokens.count) }
    }

    /// Makes every token the prompt of vanilla decoding, and removes what that computes differently: what a running cycle's head-only
    /// passes left.
    func settle() {
        forgetDrafts()
        (promptCount, plan) = (tokens.count, .vanilla)
        cycleStarts.removeAll()
        forgetMismatches()
    }

    /// Before a pass: removes the head's entries that it reads again, because the plan now feeds T there (`refreshesHead`).
    func refreshHead() {
        guard plan.refreshesHead, isBehind else { return }
        let embedded = fed.reversed().prefix { $0 == .embedding }.count
        let (first, text) = (fed.count - embedded, layout)
        if embedded > 0, plan.headInput(at: first, in: text) != .embedding { forgetHead(from: first) }
    }

    /// Removes what the current plan computes differently: the head's entries from the first position with another input; and
    /// both rings' entries from the first position that the trunk saw and the plan leaves out, or the reverse. Where trunk
    /// outputs are missing that the head still needs, the trunk's entries are removed too.
    private func forgetMismatches() {
        if let position = firstTrunkMismatch(in: trunkRing) {
            forgetHead(from: min(position, headRing.count))
            forgetTrunk(from: position)
        }
        let inputs = { self.plan.headInput(at: $0, promptCount: self.promptCount) }
        if let kept = fed.indices.first(where: { fed[$0] != inputs($0) }) { forgetHead(from: kept) }
        // A ring that has wrapped removes all of its entries.
        if lacksOutputsOfHead { forgetTrunk(from: headRing.count) }
    }

    /// Whether trunk outputs are missing that the head still needs.
    private var lacksOutputsOfHead: Bool { trunkRing.entryCount(before: headRing.count) < trunkOutputs.start }

    /// The first position that has an entry in `ring` and that the plan hides from the trunk, or the reverse.
    func firstTrunkMismatch(in ring: KVRing) -> Int? {
        func count(before position: Int) -> Int { plan.trunkCount(before: position, promptCount: promptCount) }
        guard ring.denseCount != ring.end || count(before: ring.end) != ring.end else { return nil }
        return (0..<ring.end).first { ring.entryCount(before: $0 + 1) != count(before: $0 + 1) }
    }

    /// Removes everything that was computed: with other layers every token has another residual.
    private func forgetAll() {
        forgetHead(from: 0)
        forgetTrunk(from: 0)
    }

    /// Forgets the head's keys and values of the last token and of the drafts after it, which the head made of embeddings.
    func forgetHeadOfDrafts() { forgetHead(from: tokens.count - 1) }

    /// Forgets the keys and values of the last token, which is then computed again.
    func forgetLast() {
        forgetHead(from: tokens.count - 1)
        forgetTrunk(from: tokens.count - 1)
    }

    private func forgetHead(from position: Int) {
        headRing.truncate(to: position)
        fed.removeSubrange(headRing.count...)
        wholeChunkEnd = min(wholeChunkEnd, headRing.count)
    }

    private func forgetTrunk(from position: Int) {
        trunkRing.truncate(to: trunkRing.entryCount(before: position))
        trunkOutputs.truncate(to: trunkRing.count)
        depthLog.record.truncate(to: trunkRing.count == 0 ? 0 : position)
    }
}
