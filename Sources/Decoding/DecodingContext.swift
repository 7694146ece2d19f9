import Models
import Tensors

/// One sequence of tokens on its way through a model: its KV rings, what the head was fed, and where it computes.
///
/// A context is used by one thread at a time. `begin` adds a prompt, `append` a generated token, and `run` brings the
/// head up to the last of them.
///
/// Invariants after `run`: the head's ring holds every token; the trunk's ring lags it by the tokens that no position
/// has needed yet; `fed` says how each of the head's entries was made.
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
        forgetOtherwiseFed()
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
        if trunkRing.count > count || headRing.count < trunkOutputs.start {
            forgetTrunk(from: min(count, headRing.count))
        }
    }

    /// Makes room for `count` more tokens at once, so that appending them allocates nothing.
    package func reserveTokens(_ count: Int) {
        tokens.reserveCapacity(tokens.count + count)
        fed.reserveCapacity(tokens.count + count)
        if plan.layers != .all { depths.reserve(tokens.count + min(count, 1 << 14)) }
    }

    /// Makes room at once for keys and values of the first `count` positions.
    package func reservePositions(upTo count: Int) {
        for ring in [trunkRing, headRing] where ring.count < count { ring.reserve(count - ring.count) }
    }

    /// Bytes of keys and values once there is room for the first `count` positions.
    package func kvByteCount(reserving count: Int) -> Int {
        [trunkRing, headRing].reduce(0) { $0 + $1.byteCount(reserving: count) }
    }

    /// The place in its cycle of the pass that emitted the token at `index`; nil for prompt tokens and the first.
    package func cyclePlace(ofTokenAt index: Int) -> Int? {
        plan.cyclePlace(of: index - 1, promptCount: promptCount)
    }

    /// Forgets head K/V from the first position that the plan feeds otherwise than it was fed, and trunk K/V with it
    /// where the trunk's outputs are gone.
    private func forgetOtherwiseFed() {
        guard let kept = fed.indices.first(where: { fed[$0] != headInput(at: $0) }) else { return }
        forgetHead(from: kept)
        if headRing.count < trunkOutputs.start { forgetTrunk(from: headRing.count) }
    }

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
        trunkRing.truncate(to: position)
        trunkOutputs.truncate(to: trunkRing.count)
        depths.truncate(to: trunkRing.count)
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
