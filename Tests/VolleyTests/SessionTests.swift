import TestSupport
import Testing
import Volley

/// Sessions, as used by a program that imports only `Volley`.
struct SessionTests {
    private static let question = ChatMessage.user("Sort this list: 73 27 43 37 19")
    private static let oneThread = SessionOptions(threadCount: 1)

    /// The engine's tokens for the same prompts, one after the other in one sequence.
    private static func expected(
        _ model: Model, _ prompts: [[Int]], _ plan: PlanRequest, _ options: GenerationOptions
    ) throws -> [[GeneratedToken]] {
        let generator = Generator(model, options: oneThread)
        return try prompts.map { prompt in
            try generator.begin(prompt, plan: model.configuration.plan(for: plan), options: options)
            var tokens: [GeneratedToken] = []
            while let token = try generator.step() { tokens.append(token) }
            return tokens
        }
    }

    private static func all(_ generation: Generation) async throws -> [GeneratedToken] {
        var tokens: [GeneratedToken] = []
        for try await token in generation { tokens.append(token) }
        return tokens
    }

    @Test(
        "tokens, texts, places and logprobs are the engine's, and the answer is right",
        arguments: [PlanRequest.vanilla, .multiToken(2), .multiToken(4), .automatic, .custom(VanillaPlan())])
    func streaming(_ plan: PlanRequest) async throws {
        let model = try await Model.load(Goldens.embedded)
        let options = GenerationOptions(logprobCount: 2)
        let generation = model.session(Self.oneThread).generate(chat: [Self.question], plan: plan, options: options)
        let tokens = try await Self.all(generation)
        let prompt = try model.tokens(of: [Self.question])
        #expect(try tokens == Self.expected(model, [prompt], plan, options)[0])
        #expect(tokens.map(\.text).joined() == "19 27 37 43 73")
        #expect(tokens.allSatisfy { $0.logprobs.count >= 2 })
        #expect(generation.finishReason == .stop)
        #expect(generation.statistics.decodeTokens == tokens.count - 1)
        #expect(generation.statistics.prefillTokens == prompt.count)
    }

    @Test("texts and ids continue where the last generation ended")
    func continues() async throws {
        let model = try await Model.load(Goldens.embedded)
        let tokenizer = try #require(model.tokenizer)
        let options = GenerationOptions(maximumTokens: 9, ignoresEnd: true)
        let session = model.session(Self.oneThread)
        var tokens = [try await Self.all(session.generate("In the beginning", plan: .multiToken(3), options: options))]
        let more = tokenizer.encode(" and then", addSpecial: false)
        tokens.append(try await Self.all(session.generate(more, plan: .multiToken(3), options: options)))
        tokens.append(try await Self.all(session.generate(" and then", plan: .multiToken(3), options: options)))
        let prompts = [tokenizer.encode("In the beginning", addSpecial: true), more, more]
        #expect(try tokens == Self.expected(model, prompts, .multiToken(3), options))
        #expect(await session.tokens == zip(prompts, tokens).flatMap { $0 + $1.map(\.id) })
    }

    @Test("a plan with another trunk/head split continues the conversation, and so does the next plan")
    func otherSplit() async throws {
        let model = try await Model.load(Goldens.embedded)
        let options = GenerationOptions(maximumTokens: 6, ignoresEnd: true)
        let prompts = [[5, 6, 7], [8, 9], [10]]
        let session = model.session(Self.oneThread)
        let plans: [PlanRequest] = [.vanilla, .layerSkip(exit: 12, drafts: 3), .vanilla]
        var ids: [[Int]] = []
        for (prompt, plan) in zip(prompts, plans) {
            ids.append(try await Self.all(session.generate(prompt, plan: plan, options: options)).map(\.id))
        }
        // Drafts change no token, so all three turns are vanilla's.
        #expect(try ids == Self.expected(model, prompts, .vanilla, options).map { $0.map(\.id) })
        #expect(await session.tokens == zip(prompts, ids).flatMap { $0 + $1 })
    }

    @Test("a plan with its own weights continues the conversation, and does not affect the next plan")
    func otherWeights() async throws {
        let model = try await Model.load(Goldens.embedded)
        let options = GenerationOptions(maximumTokens: 6, ignoresEnd: true)
        func ids(_ session: Session, _ prompt: [Int], _ plan: PlanRequest) async throws -> [Int] {
            try await Self.all(session.generate(prompt, plan: plan, options: options)).map(\.id)
        }
        let session = model.session(Self.oneThread)
        for (prompt, plan) in [([5, 6, 7], PlanRequest.vanilla), ([8], .laco(leavingOut: 5)), ([9], .vanilla)] {
            let before = await session.tokens
            let found = try await ids(session, prompt, plan)
            #expect(try await found == ids(model.session(Self.oneThread), before + prompt, plan))
        }
    }

    @Test("a conversation's next turn computes only new tokens, and gives the answer of a new session")
    func conversation() async throws {
        let model = try await Model.load(Goldens.embedded)
        let session = model.session(Self.oneThread)
        var messages = [Self.question]
        let first = try await Self.all(session.generate(chat: messages, plan: .multiToken(4)))
        messages += [.assistant(first.map(\.text).joined()), .user("Sort this list: 61 22 84 17 90")]
        let generation = session.generate(chat: messages, plan: .multiToken(4))
        let second = try await Self.all(generation)
        let fresh = try await Self.all(model.session(Self.oneThread).generate(chat: messages, plan: .multiToken(4)))
        #expect(second == fresh)
        #expect(generation.statistics.prefillTokens < (try model.tokens(of: messages).count))
    }

    @Test("four sessions at once on one model give the same as each alone")
    func concurrent() async throws {
        let model = try await Model.load(Goldens.embedded)
        let questions = ["73 27 43 37 19", "61 22 84 17 90", "12 93 41 55 30", "88 14 65 29 71"]
        func answer(_ question: String) async throws -> [GeneratedToken] {
            let message = ChatMessage.user("Sort this list: \(question)")
            return try await Self.all(
                model.session(SessionOptions(threadCount: 2)).generate(chat: [message], plan: .multiToken(4)))
        }
        let together = try await withThrowingTaskGroup(of: (Int, [GeneratedToken]).self) { group in
            for (index, question) in questions.enumerated() { group.addTask { (index, try await answer(question)) } }
            return try await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
        }
        for (index, question) in questions.enumerated() { #expect(try await together[index] == answer(question)) }
    }

    @Test("cancelling the task ends the generation before the next pass; the session stays usable")
    func cancellation() async throws {
        let model = try await Model.load(Goldens.embedded)
        let session = model.session(Self.oneThread)
        let options = GenerationOptions(maximumTokens: 900, ignoresEnd: true)
        let generation = session.generate([1, 2, 3], plan: .vanilla, options: options)
        let count = try await Task {
            var count = 0
            for try await _ in generation {
                count += 1
                if count == 3 { withUnsafeCurrentTask { $0?.cancel() } }
            }
            return count
        }.value
        #expect(count == 3)
        #expect(generation.finishReason == .cancelled)
        #expect(generation.statistics.passes.headPasses == 2)  // the first token is the prompt's
        #expect(try await Self.all(session.generate([4], options: GenerationOptions(maximumTokens: 2))).count == 2)
    }

    @Test("leaving the loop ends the work and frees the session at once")
    func dropping() async throws {
        let model = try await Model.load(Goldens.embedded)
        let session = model.session(Self.oneThread)
        let options = GenerationOptions(maximumTokens: 900, ignoresEnd: true)
        let left = session.generate([1, 2, 3], options: options)
        for try await _ in left { break }
        #expect(await session.tokens.count == 4)
        for _ in 0..<50 { for try await _ in session.generate([4], options: options) { break } }
        #expect(await session.tokens.count == 4 + 50 * 2)
        #expect(left.finishReason == nil)
    }

    @Test("a session in use refuses another generation, and an iterated generation another iterator")
    func refusesTwo() async throws {
        let model = try await Model.load(Goldens.embedded)
        let session = model.session(Self.oneThread)
        let first = session.generate([1, 2, 3], options: GenerationOptions(maximumTokens: 4, ignoresEnd: true))
        let second = session.generate([4])
        var iterator = first.makeAsyncIterator()
        #expect(try await iterator.next() != nil)
        await #expect(throws: SessionError.busy) { try await Self.all(second) }
        await #expect(throws: GenerationError.iteratedTwice) { try await Self.all(first) }
        for _ in 0..<3 { #expect(try await iterator.next() != nil) }
        #expect(try await iterator.next() == nil)
        #expect(await session.tokens.count == 3 + 4)
        await #expect(throws: GenerationError.iteratedTwice) { try await Self.all(second) }
        #expect(try await Self.all(session.generate([4])).isEmpty == false)
    }

    @Test("of many simultaneous generations exactly one gets the session")
    func race() async throws {
        let model = try await Model.load(Goldens.embedded)
        let session = model.session(SessionOptions(threadCount: 1, window: 64))
        let options = GenerationOptions(maximumTokens: 300, ignoresEnd: true)
        let refusals = try await withThrowingTaskGroup(of: Bool.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    do {
                        return try await Self.all(session.generate([1], options: options)).count != 300
                    } catch SessionError.busy {
                        return true
                    }
                }
            }
            return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(refusals < 8)
        #expect(await session.tokens.count == (8 - refusals) * 301)
    }
}
