import TestSupport
import Testing
import Volley

/// Sessions that are saved, restored, forked and truncated.
struct SessionCopyTests {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private static let options = SessionOptions(threadCount: 1)
    private static let question = ChatMessage.user("Sort this list: 73 27 43 37 19")

    private static func all(_ generation: Generation) async throws -> [GeneratedToken] {
        var tokens: [GeneratedToken] = []
        for try await token in generation { tokens.append(token) }
        return tokens
    }

    @Test("a conversation goes on from a file, and reads only what is new")
    func conversation() async throws {
        let path = directory.path + "/conversation"
        let model = try await Model.load(Goldens.embedded)
        let session = model.session(Self.options)
        let answer = try await Self.all(session.generate(chat: [Self.question]))
        try await session.save(to: path, conversation: [Self.question, .assistant("")])
        let turns = [
            Self.question, .assistant(answer.map(\.text).joined()), .user("Sort this list: 61 22 84 17 90"),
        ]
        // Another process would load the model anew.
        let restored = try await Model.load(Goldens.embedded).session(restoring: path, Self.options)
        #expect(await restored.tokens == session.tokens)
        #expect(await restored.savedConversation == [Self.question, .assistant("")])
        #expect(await session.savedConversation.isEmpty)
        let (here, there) = (session.generate(chat: turns), restored.generate(chat: turns))
        #expect(try await Self.all(here) == Self.all(there))
        #expect(there.statistics.prefillTokens == here.statistics.prefillTokens)
        await #expect(throws: SessionFileError.otherOption(path: path, option: "KV format", saved: "f16", given: "f32"))
        {
            try await model.session(restoring: path, SessionOptions(threadCount: 1, kvFormat: .f32))
        }
        await #expect(throws: SessionError.threadCount(0)) {
            try await model.session(restoring: path, SessionOptions(threadCount: 0))
        }
    }

    @Test("forks of a system prompt answer at once, as sessions of their own do")
    func forks() async throws {
        let model = try await Model.load(Goldens.embedded)
        let session = model.session(Self.options)
        _ = try await Self.all(session.generate("In the beginning", options: GenerationOptions(maximumTokens: 9)))
        let before = await session.tokens
        let texts = [" there was", " and then", " of the"]
        let options = GenerationOptions(maximumTokens: 12, ignoresEnd: true, logprobCount: 1)
        let together = try await withThrowingTaskGroup(of: (String, [GeneratedToken]).self) { group in
            for text in texts {
                let fork = try await session.fork()
                group.addTask { (text, try await Self.all(fork.generate(text, options: options))) }
            }
            return try await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
        }
        #expect(await session.tokens == before)
        for text in texts {
            let alone = model.session(Self.options)
            let ids = try #require(model.tokenizer).encode(text, addSpecial: false)
            #expect(try await Self.all(alone.generate(before + ids, options: options)) == together[text])
        }
    }

    @Test("a fork in the middle of a generation leaves it with the first session; truncating there is refused")
    func midway() async throws {
        let model = try await Model.load(Goldens.embedded)
        let session = model.session(Self.options)
        let options = GenerationOptions(maximumTokens: 12, ignoresEnd: true)
        let whole = try await Self.all(model.session(Self.options).generate([1, 2, 3], options: options))
        var found: [GeneratedToken] = []
        for try await token in session.generate([1, 2, 3], options: options) {
            found.append(token)
            guard found.count == 5 else { continue }
            let fork = try await session.fork()
            #expect(await fork.tokens.count == 8)
            #expect(try await Self.all(fork.generate([7], options: options)).count == 12)
            await #expect(throws: SessionError.busy) { try await session.truncate(to: 3) }
        }
        #expect(found == whole)
        try await session.truncate(to: 3)
        #expect(await session.tokens == [1, 2, 3])
        await #expect(throws: SessionError.truncation(count: 4, tokenCount: 3)) { try await session.truncate(to: 4) }
        // The last token is read again, since its logits choose the next.
        try await session.truncate(to: 2)
        #expect(try await Self.all(session.generate([3], options: options)) == whole)
    }

    @Test("embeddings have length 1, put like texts together, and need no text of the session's")
    func embeddings() async throws {
        let model = try await Model.load(Goldens.embedded)
        let session = model.session(Self.options)
        for pooling in EmbeddingPooling.allCases {
            let texts = ["Sort this list: 73 27 43", "Sort this list: 73 27 44", "In the beginning"]
            var rows: [[Float]] = []
            for text in texts { rows.append(try await session.embedding(of: text, pooling: pooling)) }
            func cosine(_ one: Int, _ other: Int) -> Float {
                zip(rows[one], rows[other]).reduce(0) { $0 + $1.0 * $1.1 }
            }
            #expect(rows.allSatisfy { $0.count == model.configuration.hiddenSize })
            #expect(abs(cosine(0, 0) - 1) < 1e-5)
            #expect(cosine(0, 1) > cosine(0, 2))
        }
        #expect(await session.tokens.isEmpty)
        await #expect(throws: SessionError.emptyPrompt) { try await session.embedding(of: "") }
    }
}
