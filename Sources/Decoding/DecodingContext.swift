import Models
import Tensors

/// One sequence of tokens on its way through a model: its KV rings, its activations, what the head was fed.
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
    package private(set) var passes = PassCounts()

    let forward: ForwardPass
    private let trunkRing: KVRing
    let headRing: KVRing
    private var trunkOutputs: TrunkOutputs
    private var fed: [HeadInput] = []
    private(set) var plan: any DecodePlan = .vanilla
    var drafts = Drafts()
    private var promptCount = 0
    /// [row, hidden]
    let hidden: AlignedBuffer<Float>
    /// [vocabulary], of the last position run.
    let lastLogits: AlignedBuffer<Float>

    /// - Throws: `SessionError` where the options make no sense for the model.
    package init(_ stack: LayerStack, options: SessionOptions = SessionOptions()) throws(SessionError) {
        try options.check()
        let configuration = stack.configuration
        let maximumRows = options.maximumRows(contextLength: configuration.contextLength)
        self.stack = stack
        self.options = options
        forward = ForwardPass(
            stack: stack, threadCount: options.threadCount, pinsThreads: options.pinsThreads,
            maximumRows: maximumRows, window: options.window ?? .max)
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
        hidden = AlignedBuffer(count: maximumRows * configuration.hiddenSize)
        lastLogits = AlignedBuffer(count: configuration.vocabularySize)
    }

    /// The logits of the last position run, [vocabulary].
    package var logits: UnsafeBufferPointer<Float> {
        UnsafeBufferPointer(start: lastLogits.pointer, count: lastLogits.count)
    }

    /// Which layers each position ran; empty where the plan skips none.
    package var depths: DepthRecord { forward.depths }

    /// Bytes allocated for keys and values.
    package var kvByteCount: Int { trunkRing.byteCount + headRing.byteCount }

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
        if plan.layers != .all { forward.depths.reserve(tokens.count + min(count, 1 << 14)) }
    }

    /// The place in its cycle of the pass that emitted the token at `index`; nil for prompt tokens and the first.
    package func cyclePlace(ofTokenAt index: Int) -> Int? {
        plan.cyclePlace(of: index - 1, promptCount: promptCount)
    }

    /// Brings the head up to the last token; `logits` are then that token's.
    ///
    /// - Parameter isCancelled: looked at before each pass.
    /// - Returns: false where it was cancelled; a later call goes on from there.
    @discardableResult
    package func run(isCancelled: () -> Bool = { false }) -> Bool {
        if drafts.token(at: tokens.count - 1) != nil { takeDraftedLogits() }
        while headRing.count < tokens.count {
            if plan.draftCount > 0, headRing.count >= promptCount, headRing.count == tokens.count - 1 {
                guard !isCancelled() else { return false }
                draft()
                continue
            }
            let rowCount = min(forward.maximumRows, tokens.count - headRing.count)
            guard refillTrunk(for: headRing.count..<headRing.count + rowCount, isCancelled), !isCancelled() else {
                return false
            }
            runHead(rowCount: rowCount)
        }
        return true
    }

    /// Runs the trunk over every token it has not seen, up to the last of `positions` whose feed needs it.
    private func refillTrunk(for positions: Range<Int>, _ isCancelled: () -> Bool) -> Bool {
        guard let last = positions.last(where: { headInput(at: $0).needsTrunk }) else { return true }
        while trunkRing.count <= last {
            guard !isCancelled() else { return false }
            runTrunk(rowCount: min(forward.maximumRows, last + 1 - trunkRing.count))
        }
        return true
    }

    private func headInput(at position: Int) -> HeadInput {
        plan.headInput(at: position, promptCount: promptCount)
    }

    func runTrunk(rowCount: Int) {
        for row in 0..<rowCount { embed(trunkRing.count + row, into: hiddenRow(row)) }
        forward.measured(.trunk) {
            forward.run(stack.trunk, plan.layers, ring: trunkRing, hidden: hidden.pointer, rowCount: rowCount)
        }
        trunkOutputs.append(hidden.pointer, count: rowCount)
        passes.countTrunk(rowCount)
    }

    func runHead(rowCount: Int) {
        for row in 0..<rowCount { feedHead(headRing.count + row, into: hiddenRow(row)) }
        forward.measured(.head) {
            forward.run(stack.head, plan.layers, ring: headRing, hidden: hidden.pointer, rowCount: rowCount)
        }
        passes.countHead(rowCount)
        if headRing.count <= promptCount { trunkOutputs.discard(before: headRing.count) }
        if headRing.count == tokens.count {
            forward.measured(.vocabularyHead) {
                forward.logits(hiddenRow(rowCount - 1), into: lastLogits.pointer)
            }
        }
    }

    private func feedHead(_ position: Int, into row: UnsafeMutablePointer<Float>) {
        let width = stack.configuration.hiddenSize
        let input = headInput(at: position)
        switch input {
        case .trunk: row.update(from: trunkOutputs.row(position), count: width)
        case .embedding: embed(position, into: row)
        case .embeddingAndTrunk:
            embed(position, into: row)
            forward.add(trunkOutputs.row(position), to: row)
        }
        fed.append(input)
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
        forward.depths.truncate(to: trunkRing.count)
    }

    private func hiddenRow(_ row: Int) -> UnsafeMutablePointer<Float> {
        hidden.pointer + row * stack.configuration.hiddenSize
    }

    private func embed(_ position: Int, into row: UnsafeMutablePointer<Float>) {
        stack.embed(position < tokens.count ? tokens[position] : drafts.token(at: position) ?? 0, into: row)
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
