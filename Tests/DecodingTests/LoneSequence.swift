import Decoding
import Models
import Tensors

/// A sequence with the engine that runs it: its own, or a shared one.
final class LoneSequence {
    let engine: Engine
    let sequence: TokenSequence

    convenience init(_ stack: LayerStack, options: SessionOptions = SessionOptions()) throws {
        self.init(in: try Engine(stack, options: options))
    }

    init(in engine: Engine) {
        self.engine = engine
        sequence = engine.makeSequence()
    }

    var tokens: [Int] { sequence.tokens }
    var passes: PassCounts { sequence.passes }
    var depths: DepthRecord { sequence.depths }
    var logits: UnsafeBufferPointer<Float> { sequence.logits }
    var kvByteCount: Int { sequence.kvByteCount }
    var remainingPositions: Int { sequence.remainingPositions }
    var computedCount: Int { sequence.computedCount }
    var isBehind: Bool { sequence.isBehind }
    var profile: PassProfile? {
        get { engine.profile }
        set { engine.profile = newValue }
    }

    func begin(_ prompt: [Int], plan: any DecodePlan = .vanilla) throws(SessionError) {
        try sequence.begin(prompt, plan: plan)
    }

    func restart(_ prompt: [Int], plan: any DecodePlan) throws(SessionError) {
        try sequence.restart(prompt, plan: plan)
    }

    func append(_ token: Int) throws(SessionError) { try sequence.append(token) }
    func truncate(to count: Int) { sequence.truncate(to: count) }
    func checkCache() throws(SessionError) { try sequence.checkCache() }
    func kvByteCount(reserving need: RingEntries) -> Int { sequence.kvByteCount(reserving: need) }
    func sharedEnd(with other: LoneSequence) -> Int { sequence.sharedEnd(with: other.sequence) }
    func takeOver(from other: LoneSequence, upTo end: Int) { sequence.takeOver(from: other.sequence, upTo: end) }

    @discardableResult
    func run(wanted: Engine.Wanted = .last, isCancelled: () -> Bool = { false }) -> Bool {
        engine.run([sequence], wanted: wanted, isCancelled: isCancelled)
    }

    /// Runs one pass over at most `rowLimit` positions.
    func step(rowLimit: Int = .max, wanted: Engine.Wanted = .last) {
        engine.step([sequence], rowLimit: rowLimit, wanted: wanted)
    }

    /// Generates from the sequence, without tokenizer and end tokens.
    func generate(
        _ prompt: [Int], plan: any DecodePlan, options: GenerationOptions, readsLogits: Bool = false
    ) throws -> Generator {
        var options = options
        options.ignoresEnd = true
        let generator = Generator(Model(name: "test", engine.stack), sharing: engine, sequence: sequence)
        try generator.begin(prompt, plan: plan, options: options, readsLogits: readsLogits)
        return generator
    }
}

extension Engine {
    @discardableResult
    func run(_ sequences: [LoneSequence]) -> Bool { run(sequences.map(\.sequence)) }
}
