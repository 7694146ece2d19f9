import Foundation
import TestSupport
import Testing
import Volley

/// Invalid requests throw a typed error when the first token is asked for, and leave the session unchanged.
struct ErrorTests {
    private func expect<E: Error & Equatable>(_ error: E, from generation: Generation) async {
        await #expect(throws: error) {
            for try await token in generation { Issue.record("\(token)") }
        }
    }

    @Test("invalid session options are refused")
    func sessionOptions() async throws {
        let model = try await Model.load(Goldens.embedded)
        await expect(SessionError.threadCount(0), from: model.session(SessionOptions(threadCount: 0)).generate([1]))
        await expect(SessionError.window(0), from: model.session(SessionOptions(window: 0)).generate([1]))
        await expect(SessionError.sinkCount(-1), from: model.session(SessionOptions(sinkCount: -1)).generate([1]))
    }

    @Test("invalid generation options, plans and prompts are refused")
    func generation() async throws {
        let model = try await Model.load(Goldens.embedded)
        let session = model.session(SessionOptions(threadCount: 1))
        func options(_ options: GenerationOptions) -> Generation { session.generate([1], options: options) }
        await expect(GenerationError.maximumTokens(-1), from: options(GenerationOptions(maximumTokens: -1)))
        await expect(GenerationError.emptyStop, from: options(GenerationOptions(stops: [""])))
        await expect(GenerationError.logprobCount(2000), from: options(GenerationOptions(logprobCount: 2000)))
        let sampling = SamplingParameters(temperature: -1)
        await expect(SamplingError.temperature(-1), from: options(GenerationOptions(sampling: sampling)))
        for factor in [0, -1, 17, Int.max, Int.min] {
            await expect(PlanError.factorOutOfRange(factor), from: session.generate([1], plan: .multiToken(factor)))
        }
        await expect(SessionError.emptyPrompt, from: session.generate([]))
        await expect(SessionError.emptyPrompt, from: session.generate(""))
        await expect(SessionError.tokenOutOfRange(1024, vocabularySize: 1024), from: session.generate([1024]))
        let long = Array(repeating: 1, count: 1025)
        await expect(SessionError.promptTooLong(count: 1025, contextLength: 1024), from: session.generate(long))
        await #expect(throws: TokenizerError.self) {
            for try await _ in session.generate(chat: []) {}
        }
        #expect(await session.tokens.isEmpty)
        for try await _ in session.generate([1], options: GenerationOptions(maximumTokens: 1)) {}
        #expect(await session.tokens.count == 2)
    }

    @Test("a conversation that does not fit the context leaves the session unchanged")
    func longConversation() async throws {
        let model = try await Model.load(Goldens.embedded)
        let session = model.session(SessionOptions(threadCount: 1))
        for try await _ in session.generate("In the beginning", options: GenerationOptions(maximumTokens: 5)) {}
        let before = await session.tokens
        let long = ChatMessage.user(String(repeating: "12 ", count: 1000))
        await #expect(throws: SessionError.self) {
            for try await _ in session.generate(chat: [long]) {}
        }
        #expect(await session.tokens == before)
    }

    @Test("a model without tokenizer or trunk, and a missing model, are refused")
    func model() async throws {
        let path = Goldens.url("dmtd/qwen3-tied").path
        let session = try await Model.load(path).session(SessionOptions(threadCount: 1))
        let missing = GenerationError.noTokenizer(model: "qwen3-tied")
        await expect(missing, from: session.generate("text"))
        await expect(missing, from: session.generate(chat: [.user("text")]))
        await expect(missing, from: session.generate([1], options: GenerationOptions(stops: ["stop"])))
        let headOnly = try await Model.load(Goldens.url("weights/qwen3.gguf").path)
        let noTrunk = PlanError.noTrunk(layerCount: headOnly.configuration.layerCount)
        await expect(noTrunk, from: headOnly.session().generate([1], plan: .multiToken(2)))
        await #expect(throws: CheckpointError.self) { try await Model.load("/nowhere/at/all") }
        await #expect(throws: ConfigurationError.self) { try await Model.load(path, headLayers: -1) }
    }

    @Test("loading in a cancelled task does nothing")
    func cancelledLoad() async {
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return try await Model.load(Goldens.embedded)
        }
        await #expect(throws: CancellationError.self) { try await task.value }
    }
}
