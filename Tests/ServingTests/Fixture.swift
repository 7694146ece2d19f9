import Decoding
import Foundation
import Models
import Serving
import Synchronization
import Tensors
import TestSupport
import Tokens
import Weights

/// Models, plans and engines of the tests.
enum Fixture {
    static let model = Result { try Model(path: path) }

    private static let path = Goldens.directory.deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "weights/volley-5m").path

    /// The embedded model in q8_0, whose prompts may be read in chunks of any size.
    static let quantised = Result {
        let directory = try TemporaryDirectory()
        let packed = directory.path + "/volley-5m-q8"
        try Packer(Checkpoint.open(path), options: PackOptions(format: .q8_0))
            .write(to: packed, progress: { _ in }, isCancelled: { false })
        return try Model(path: packed)
    }

    /// A model whose routers choose layers.
    static let routed = Result { try Model(path: Goldens.url("flexidepth").path) }

    /// Plans that share passes, and plans that run by themselves.
    static func mixedPlans(_ configuration: ModelConfiguration) throws -> [any DecodePlan] {
        let own: [PlanRequest] =
            configuration.routing == nil
            ? [
                .multiToken(4), .layerSkip(exit: configuration.trunkLayerCount, drafts: 3), .verified(5),
                .adaptive(CycleEnd(maximum: 6, signal: .probability, threshold: 0.9)), .drafted(.text),
            ] : [.flexiDepth]
        return try ([.vanilla, .exit(layers: 3), .confidence(0.9)] + own).map { try configuration.plan(for: $0) }
    }

    static func engine(
        _ limits: ServingLimits = ServingLimits(), metrics: ServingMetrics = ServingMetrics(),
        model: Result<Model, any Error> = model
    ) throws -> BatchEngine {
        try BatchEngine(try model.get(), options: SessionOptions(threadCount: 2), limits: limits, metrics: metrics)
    }

    static func plan(_ factor: Int, rule: CycleRule = .prompt) throws -> any DecodePlan {
        factor == 0 ? .vanilla : try MultiTokenPlan(factor: factor, rule: rule)
    }

    static func randomTokens(_ count: Int, using generator: inout SeededGenerator) throws -> [Int] {
        let size = try model.get().stack.configuration.vocabularySize
        return (0..<count).map { _ in Int.random(in: 3..<size, using: &generator) }
    }

    /// Bytes of one position's keys and values, in trunk and head.
    static func bytesPerSlot(_ model: Result<Model, any Error>) throws -> Int {
        let shapes = KVRing.shapes(try model.get().configuration, options: SessionOptions())
        return shapes.trunk.bytesPerSlot + shapes.head.bytesPerSlot
    }

    /// The answer to a job that runs alone.
    static func alone(_ job: Job, _ model: Result<Model, any Error> = model) throws -> Answer {
        let model = try model.get()
        let generator = Generator(model, options: SessionOptions(threadCount: 1))
        try generator.begin(job.prompt, plan: job.plan, options: job.options, selection: job.selection)
        var answer = Answer()
        while let token = try generator.step() { answer.tokens.append(token) }
        answer.finishReason = generator.finishReason
        return answer
    }
}

struct Answer: Equatable {
    var tokens: [GeneratedToken] = []
    var finishReason: FinishReason?
}

/// Collects the events of a job.
final class Listener: Sendable {
    private let state = Mutex<(answer: Answer, summary: JobSummary?, failure: String?)>((Answer(), nil, nil))

    func hear(_ event: JobEvent) {
        state.withLock { state in
            switch event {
            case .prompt: break
            case .token(let token): state.answer.tokens.append(token)
            case .finished(let summary):
                state.answer.finishReason = summary.finishReason
                state.summary = summary
            case .failed(let error): state.failure = "\(error)"
            }
        }
    }

    var answer: Answer { state.withLock { $0.answer } }
    var summary: JobSummary? { state.withLock { $0.summary } }
    /// Why the job failed; nil if it did not.
    var failure: String? { state.withLock { $0.failure } }
    var hasEnded: Bool { answer.finishReason != nil || failure != nil }
    var count: Int { answer.tokens.count }
}
