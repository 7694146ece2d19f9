import Models
import Tensors

/// One sequence of tokens on its way through a model: the tokens, and what has been computed of them. An `Engine` runs it.
///
/// `begin` adds a prompt, `append` a generated token, and `Engine.run` brings the head up to the last of them.
///
/// Invariants after a run: the head's ring holds every token; the trunk's ring lags it by the tokens that no position
/// has needed yet, and lacks those that the plan never lets it see; `fed` says how each of the head's entries was made.
package final class TokenSequence {
    package let options: SessionOptions
    /// Every token so far, prompt and generated.
    package private(set) var tokens: [Int] = []
    /// Passes and rows so far, of this sequence alone.
    package internal(set) var passes = PassCounts()
    package private(set) var plan: any DecodePlan = .vanilla

    let configuration: ModelConfiguration
    let trunkRing: KVRing
    let headRing: KVRing
    var trunkOutputs: TrunkOutputs
    /// What the head was fed for each of its entries.
    var fed: [HeadInput] = []
    var drafts = Drafts()
    private(set) var promptCount = 0
    /// [vocabulary], of the last position run.
    let lastLogits: AlignedBuffer<Float>
    private let depthLog: DepthLog

    init(_ configuration: ModelConfiguration, options: SessionOptions) {
        self.configuration = configuration
        self.options = options
        let shapes = KVRing.shapes(configuration, options: options)
        trunkRing = KVRing(shapes.trunk)
        headRing = KVRing(shapes.head)
        trunkOutputs = TrunkOutputs(width: configuration.hiddenSize, limit: shapes.trunk.limit)
        lastLogits = AlignedBuffer(count: configuration.vocabularySize)
        depthLog = DepthLog(layerCount: configuration.layerCount)
    }

    /// The logits of the last position run, [vocabulary].
    package var logits: UnsafeBufferPointer<Float> {
        UnsafeBufferPointer(start: lastLogits.pointer, count: lastLogits.count)
    }

    /// Which layers each position ran; empty where the plan skips none.
    package var depths: DepthRecord { depthLog.record }

    /// Bytes allocated for keys and values.
    package var kvByteCount: Int { trunkRing.byteCount + headRing.byteCount }

    /// - Throws: `SessionError.cacheOverflow` where a key or value did not fit the cache's format: the logits are then wrong.
    package func checkCache() throws(SessionError) {
        guard let position = [trunkRing, headRing].compactMap(\.overflowPosition).min() else { return }
        throw .cacheOverflow(position: position)
    }

    /// Positions that the sequence can still take; a window has no end.
    package var remainingPositions: Int { remainingPositions(after: tokens.count) }

    private func remainingPositions(after count: Int) -> Int {
        options.window == nil ? configuration.contextLength - count : .max
    }

    /// Positions that the head has seen, drafts among them.
    package var computedCount: Int { headRing.count }

    /// Whether the head has not seen the last token.
    package var isBehind: Bool { headRing.count < tokens.count }

    /// How far it has come, for `PassPlan`.
    var progress: SequenceProgress {
        SequenceProgress(
            plan: plan, promptCount: promptCount, tokenCount: tokens.count, trunkEnd: trunkRing.end,
            headCount: headRing.count, remainingPositions: remainingPositions)
    }

    /// Which layers its tokens run; nil for all of them.
    var skipping: Skipping? { Skipping(plan.layers, log: depthLog) }

    /// Adds a prompt, or a conversation's next turn, to be decoded by `plan`: everything so far is prompt from here on.
    ///
    /// - Throws: `SessionError` for an empty prompt, an id outside the vocabulary, or more tokens than the context has
    ///   room for; the sequence is then as it was.
    package func begin(_ prompt: [Int], plan: any DecodePlan = .vanilla) throws(SessionError) {
        try check(prompt, after: tokens.count)
        guard plan.drafting == nil || options.window == nil else { throw .draftsInWindow }
        forgetDrafts()
        tokens += prompt
        promptCount = tokens.count
        if plan.layers != self.plan.layers { forgetAll() }
        self.plan = plan
        forgetOtherwiseComputed()
    }

    /// Adds one generated token.
    package func append(_ token: Int) throws(SessionError) {
        guard remainingPositions > 0 else {
            throw .promptTooLong(count: tokens.count + 1, contextLength: configuration.contextLength)
        }
        guard (0..<configuration.vocabularySize).contains(token) else {
            throw .tokenOutOfRange(token, vocabularySize: configuration.vocabularySize)
        }
        if drafts.token(at: tokens.count) != token { forgetDrafts() }
        tokens.append(token)
    }

    /// Makes room for `count` more tokens at once, so that appending them allocates nothing.
    package func reserveTokens(_ count: Int) {
        tokens.reserveCapacity(tokens.count + count)
        fed.reserveCapacity(tokens.count + count)
        if skipping != nil { depthLog.record.reserve(tokens.count + min(count, 1 << 14)) }
    }

    /// Makes room at once for so many entries of keys and values.
    package func reserve(_ need: RingEntries) {
        for (ring, count) in [(trunkRing, need.trunk), (headRing, need.head)] where ring.count < count {
            ring.reserve(count - ring.count)
        }
    }

    /// Bytes of keys and values once there is room for so many entries.
    package func kvByteCount(reserving need: RingEntries) -> Int {
        trunkRing.byteCount(reserving: need.trunk) + headRing.byteCount(reserving: need.head)
    }

    /// The index in its cycle of the pass that emitted the token at `index`; nil for prompt tokens and the first.
    package func cycleIndex(ofTokenAt index: Int) -> Int? {
        plan.cycleIndex(of: index - 1, promptCount: promptCount)
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
    /// Begins anew with `prompt` as the whole sequence, and keeps what was computed of its beginning.
    ///
    /// - Throws: as `begin` does.
    package func restart(_ prompt: [Int], plan: any DecodePlan) throws(SessionError) {
        try check(prompt, after: 0)
        // The last token always runs again: its logits choose the answer's first token.
        let shared = min(zip(prompt, tokens).prefix { $0 == $1 }.count, prompt.count - 1)
        truncate(to: shared)
        try begin(Array(prompt[shared...]), plan: plan)
    }

    /// Forgets the tokens from `count` on, and what was computed for them.
    package func truncate(to count: Int) {
        precondition((0...tokens.count).contains(count))
        forgetDrafts()
        tokens.removeSubrange(count...)
        promptCount = min(promptCount, count)
        forgetHead(from: min(count, headRing.count))
        if trunkRing.end > count || lacksOutputsOfHead { forgetTrunk(from: min(count, headRing.count)) }
    }

    /// Forgets drafts that were not appended, and what was computed for them.
    func forgetDrafts() {
        drafts.removeAll()
        if headRing.count > tokens.count { forgetHead(from: tokens.count) }
        if trunkRing.end > tokens.count { forgetTrunk(from: tokens.count) }
    }

    /// Forgets head K/V from the first position that the plan feeds otherwise than it was fed, and trunk K/V with it
    /// where the trunk's outputs are gone; both from the first position that the trunk now sees and did not, or the reverse.
    private func forgetOtherwiseComputed() {
        if let position = otherwiseSeen(in: trunkRing) {
            forgetHead(from: min(position, headRing.count))
            forgetTrunk(from: position)
        }
        let inputs = { self.plan.headInput(at: $0, promptCount: self.promptCount) }
        if let kept = fed.indices.first(where: { fed[$0] != inputs($0) }) { forgetHead(from: kept) }
        // A ring that has wrapped forgets more than it is told to.
        if lacksOutputsOfHead { forgetTrunk(from: headRing.count) }
    }

    /// Whether trunk outputs are gone that the head is still to be fed.
    private var lacksOutputsOfHead: Bool { trunkRing.entryCount(before: headRing.count) < trunkOutputs.start }

    /// The first position that a trunk with this ring has seen and the plan leaves out, or the reverse.
    func otherwiseSeen(in ring: KVRing) -> Int? {
        func count(before position: Int) -> Int { plan.trunkCount(before: position, promptCount: promptCount) }
        guard ring.denseCount != ring.end || count(before: ring.end) != ring.end else { return nil }
        return (0..<ring.end).first { ring.entryCount(before: $0 + 1) != count(before: $0 + 1) }
    }

    /// Forgets everything that was computed: other layers give every token another residual.
    private func forgetAll() {
        forgetHead(from: 0)
        forgetTrunk(from: 0)
    }

    private func forgetHead(from position: Int) {
        headRing.truncate(to: position)
        fed.removeSubrange(headRing.count...)
    }

    private func forgetTrunk(from position: Int) {
        trunkRing.truncate(to: trunkRing.entryCount(before: position))
        trunkOutputs.truncate(to: trunkRing.count)
        depthLog.record.truncate(to: trunkRing.count == 0 ? 0 : position)
    }
}
