import Models
import Tensors

/// One sequence of tokens on its way through a model: its KV rings, what the head was fed, and where it computes.
///
/// A context is used by one thread at a time. `begin` adds a prompt, `append` a generated token, and `run` brings the
/// head up to the last of them.
///
/// Invariants after `run`: the head's ring holds every token; the trunk's ring lags it by the tokens that no position
/// has needed yet, and lacks those that the plan never lets it see; `fed` says how each of the head's entries was made.
package final class DecodingContext {
    package let stack: LayerStack
    package let options: SessionOptions
    /// Every token so far, prompt and generated.
    package private(set) var tokens: [Int] = []
    /// Passes and rows so far.
    package internal(set) var passes = PassCounts()
    /// Which layers each position ran; empty where the plan skips none.
    package internal(set) var depths: DepthRecord

    let forward: ForwardPass
    /// Most rows of one pass over a prompt.
    let chunkRows: Int
    let trunkRing: KVRing
    let headRing: KVRing
    var trunkOutputs: TrunkOutputs
    var fed: [HeadInput] = []
    package private(set) var plan: any DecodePlan = .vanilla
    var drafts = Drafts()
    private(set) var promptCount = 0
    /// [row, hidden]: the workspace's.
    let hidden: AlignedBuffer<Float>
    /// [vocabulary], of the last position run.
    let lastLogits: AlignedBuffer<Float>

    /// - Throws: `SessionError` where the options make no sense for the model.
    package convenience init(
        _ stack: LayerStack, options: SessionOptions = SessionOptions()
    ) throws(SessionError) {
        self.init(in: try Workspace(stack, options: options))
    }

    /// A sequence that computes in `workspace`, which others may share: one at a time, or together in a `BatchPass`.
    package init(in workspace: Workspace) {
        let configuration = workspace.stack.configuration
        let options = workspace.options
        stack = workspace.stack
        self.options = options
        forward = workspace.forward
        hidden = workspace.hidden
        depths = DepthRecord(layerCount: configuration.layerCount)
        chunkRows = options.maximumRows(contextLength: configuration.contextLength)
        let limit = options.slotLimit(contextLength: configuration.contextLength)
        func ring(_ layerCount: Int) -> KVRing {
            KVRing(
                KVRing.Shape(
                    layerCount: layerCount, keyValueHeadCount: configuration.keyValueHeadCount,
                    headWidth: configuration.headWidth, format: options.kvFormat, sinks: options.sinkCount,
                    limit: limit))
        }
        trunkRing = ring(configuration.trunkLayerCount)
        headRing = ring(configuration.headLayerCount)
        trunkOutputs = TrunkOutputs(width: configuration.hiddenSize, limit: limit)
        lastLogits = AlignedBuffer(count: configuration.vocabularySize)
    }

    /// The logits of the last position run, [vocabulary].
    package var logits: UnsafeBufferPointer<Float> {
        UnsafeBufferPointer(start: lastLogits.pointer, count: lastLogits.count)
    }

    /// Bytes allocated for keys and values.
    package var kvByteCount: Int { trunkRing.byteCount + headRing.byteCount }

    /// - Throws: `SessionError.cacheOverflow` where a key or value did not fit the cache's format: the logits are then wrong.
    package func checkCache() throws(SessionError) {
        guard let position = [trunkRing, headRing].compactMap(\.overflowPosition).min() else { return }
        throw .cacheOverflow(position: position)
    }

    /// Of the trunk and of the head.
    package var ringShapes: [KVRing.Shape] { [trunkRing.shape, headRing.shape] }

    /// Where the session notes how long the parts of its passes take; nil unless a measurement asks.
    package var profile: PassProfile? {
        get { forward.profile }
        set { forward.profile = newValue }
    }

    /// Positions that the session can still take; a window has no end.
    package var remainingPositions: Int { remainingPositions(after: tokens.count) }

    private func remainingPositions(after count: Int) -> Int {
        options.window == nil ? stack.configuration.contextLength - count : .max
    }

    /// Adds a prompt, or a conversation's next turn, to be decoded by `plan`: everything so far is prompt from here on.
    ///
    /// - Throws: `SessionError` for an empty prompt, an id outside the vocabulary, or more tokens than the context has
    ///   room for; the session is then as it was.
    package func begin(_ prompt: [Int], plan: any DecodePlan = .vanilla) throws(SessionError) {
        try check(prompt, after: tokens.count)
        guard plan.draftCount == 0 || options.window == nil else { throw .draftsInWindow }
        forgetDrafts()
        tokens += prompt
        promptCount = tokens.count
        if plan.layers != self.plan.layers { forgetAll() }
        self.plan = plan
        forgetOtherwiseComputed()
    }

    /// Begins anew with `prompt` as the whole sequence, and keeps what was computed of its beginning.
    ///
    /// - Throws: as `begin` does.
    package func restart(_ prompt: [Int], plan: any DecodePlan) throws(SessionError) {
        try check(prompt, after: 0)
        // The last token is always run anew: its logits are the answer's first.
        let shared = min(zip(prompt, tokens).prefix { $0 == $1 }.count, prompt.count - 1)
        truncate(to: shared)
        try begin(Array(prompt[shared...]), plan: plan)
    }

    /// Adds one generated token.
    package func append(_ token: Int) throws(SessionError) {
        guard remainingPositions > 0 else {
            throw .promptTooLong(count: tokens.count + 1, contextLength: stack.configuration.contextLength)
        }
        guard (0..<stack.configuration.vocabularySize).contains(token) else {
            throw .tokenOutOfRange(token, vocabularySize: stack.configuration.vocabularySize)
        }
        if drafts.token(at: tokens.count) != token { forgetDrafts() }
        tokens.append(token)
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

    /// Whether trunk outputs are gone that the head is still to be fed.
    private var lacksOutputsOfHead: Bool { trunkRing.entryCount(before: headRing.count) < trunkOutputs.start }

    /// Makes room for `count` more tokens at once, so that appending them allocates nothing.
    package func reserveTokens(_ count: Int) {
        tokens.reserveCapacity(tokens.count + count)
        fed.reserveCapacity(tokens.count + count)
        if plan.layers != .all { depths.reserve(tokens.count + min(count, 1 << 14)) }
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

    /// The place in its cycle of the pass that emitted the token at `index`; nil for prompt tokens and the first.
    package func cyclePlace(ofTokenAt index: Int) -> Int? {
        plan.cyclePlace(of: index - 1, promptCount: promptCount)
    }

    /// Forgets head K/V from the first position that the plan feeds otherwise than it was fed, and trunk K/V with it
    /// where the trunk's outputs are gone; both from the first position that the trunk now sees and did not, or the reverse.
    private func forgetOtherwiseComputed() {
        if let position = otherwiseSeen(in: trunkRing) {
            forgetHead(from: min(position, headRing.count))
            forgetTrunk(from: position)
        }
        if let kept = fed.indices.first(where: { fed[$0] != headInput(at: $0) }) { forgetHead(from: kept) }
        // A ring that has wrapped forgets more than it is told to.
        if lacksOutputsOfHead { forgetTrunk(from: headRing.count) }
    }

    /// The first position that a trunk with this ring has seen and the plan leaves out, or the reverse.
    func otherwiseSeen(in ring: KVRing) -> Int? {
        guard ring.denseCount != ring.end || trunkCount(before: ring.end) != ring.end else { return nil }
        return (0..<ring.end).first { ring.entryCount(before: $0 + 1) != trunkCount(before: $0 + 1) }
    }

    func trunkCount(before position: Int) -> Int { plan.trunkCount(before: position, promptCount: promptCount) }

    func forgetHead(from position: Int) {
        headRing.truncate(to: position)
        fed.removeSubrange(headRing.count...)
    }

    /// Forgets everything that was computed: other layers give every token another residual.
    private func forgetAll() {
        forgetHead(from: 0)
        forgetTrunk(from: 0)
    }

    func forgetTrunk(from position: Int) {
        trunkRing.truncate(to: trunkRing.entryCount(before: position))
        trunkOutputs.truncate(to: trunkRing.count)
        depths.truncate(to: trunkRing.count == 0 ? 0 : position)
    }

    private func check(_ prompt: [Int], after count: Int) throws(SessionError) {
        guard !prompt.isEmpty else { throw .emptyPrompt }
        let size = stack.configuration.vocabularySize
        if let token = prompt.first(where: { !(0..<size).contains($0) }) {
            throw .tokenOutOfRange(token, vocabularySize: size)
        }
        guard prompt.count <= remainingPositions(after: count) else {
            throw .promptTooLong(count: count + prompt.count, contextLength: stack.configuration.contextLength)
        }
    }
}
