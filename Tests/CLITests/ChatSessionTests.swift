import Foundation
import TestSupport
import Testing
import Volley

/// `chat --session FILE`.
struct ChatSessionTests {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private var path: String { directory.path + "/talk" }

    private static let questions = ["Sort this list: 38 58 10", "Sort this list: 61 22 84 17", "What is 3 + 4?"]

    private func chat(_ lines: [String], _ options: [String] = []) throws -> Command {
        try Command.run(
            ["chat", "--max-tokens", "20"] + options, input: Data((lines.joined(separator: "\n") + "\n").utf8))
    }

    @Test(
        "a conversation in three processes is the conversation in one", arguments: [["--mtd", "off"], ["--mtd", "4"]])
    func resume(_ options: [String]) throws {
        let whole = try chat(Self.questions, options)
        let parts = try Self.questions.map { try chat([$0], options + ["--session", path]) }
        #expect(parts.map(\.text).joined() == whole.text)
        #expect(parts.map(\.status) == [0, 0, 0])
        #expect(!parts[0].errors.contains("goes on"))
        #expect(parts[1].errors.contains("volley: the conversation in \(path) goes on\n"))
        // What the file holds is not read again.
        let later = try chat(["What is 5 + 4?"], options + ["--session", path, "--stats"])
        let read = try #require(later.errors.firstMatch(of: /prompt +([0-9]+) tokens/))
        #expect(try #require(Int(read.1)) < 40)
    }

    @Test("the library continues a chat, and a chat only a file with its messages")
    func library() async throws {
        _ = try chat([Self.questions[0]], ["--session", path, "--system", "Be brief."])
        let model = try await Model.load(Goldens.embedded)
        let session = try await model.session(restoring: path)
        let conversation = await session.savedConversation
        #expect(conversation.map(\.role) == ["system", "user", "assistant"])
        try await session.save(to: path)
        let refused = try chat([Self.questions[1]], ["--session", path])
        #expect(refused.status == 1)
        #expect(refused.errors.contains("\(path): holds a session without its conversation's messages"))
        try await session.save(to: path, conversation: conversation)
        #expect(try chat([Self.questions[1]], ["--session", path]).status == 0)
        #expect(try chat([Self.questions[1]], ["--session", path, "--system", "Be brief."]).status == 0)
    }

    @Test(
        "another system message, other options, and a damaged file are refused; a file that cannot be written is told")
    func refusals() throws {
        _ = try chat([Self.questions[0]], ["--session", path])
        for (options, status, sentence) in [
            (["--system", "Shout."], 64, "has another system message"), (["--kv", "q8_0"], 1, "with KV format f16"),
        ] as [([String], Int32, String)] {
            let command = try chat([Self.questions[1]], ["--session", path] + options)
            #expect(command.status == status)
            #expect(command.errors.contains(sentence), "\(command.errors)")
        }
        try directory.write(Array(directory.read("talk").dropLast(9)), "talk")
        #expect(try chat([Self.questions[1]], ["--session", path]).errors.contains("the file is damaged"))
        let nowhere = try chat([Self.questions[0]], ["--session", directory.path + "/none/talk"])
        #expect(nowhere.status == 0)
        #expect(nowhere.text == (try chat([Self.questions[0]])).text)
        #expect(nowhere.errors.contains("/none/talk: cannot be written: No such file or directory"))
    }
}
