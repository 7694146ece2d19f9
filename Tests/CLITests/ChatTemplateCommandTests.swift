import Foundation
import TestSupport
import Testing

/// `tokenize --chat` and the options of chat templates.
@Suite struct ChatTemplateCommandTests {
    private static let tokenizer = Goldens.url("tokenizers/qwen2-style").path
    private static func template(_ name: String) -> String { Goldens.url("tokenizers/chat/\(name).jinja").path }

    private struct Output: Decodable {
        let ids: [Int]
        let text: String
    }

    private func render(_ chat: String, _ options: [String] = []) throws -> Command {
        let directory = try TemporaryDirectory()
        let file = try directory.write(chat, "chat.json")
        return try Command.run(["tokenize", "--tokenizer", Self.tokenizer, "--chat", file, "--json"] + options)
    }

    private func text(_ command: Command) throws -> String {
        #expect(command.status == 0, "\(command.errors)")
        return try JSONDecoder().decode(Output.self, from: command.output).text
    }

    @Test("a chat file's tools keep the order of their fields, and options override the file")
    func tools() throws {
        let chat =
            #"{"messages": [{"role": "user", "content": "Hi"}], "tools": [{"b": 1, "a": 2}], "add_generation_prompt": true}"#
        let options = ["--chat-template", Self.template("thinking")]
        let whole = try text(render(chat, options))
        #expect(whole.contains("<tools>\n{\"b\": 1, \"a\": 2}\n</tools>"))
        #expect(whole.hasSuffix("<|im_start|>assistant\n"))
        #expect(try text(render(chat, options + ["--no-thinking"])) == whole + "<think>\n\n</think>\n\n")
        let variables = ["--chat-template", Self.template("parts"), "--chat-template-kwargs", #"{"date": "2 June"}"#]
        #expect(try text(render(chat, variables)).contains("Today: 2 June; no documents"))
    }

    @Test(
        "what is wrong with a chat is one sentence",
        arguments: [
            (#"{"messages": [{"role": "user"}], "x": 1}"#, [], 1, "is not a chat: there is no field 'x'"),
            (#"{"messages": []}"#, [], 1, "there are no messages"),
            (
                #"{"messages": [{"role": "critic", "content": "a"}]}"#, ["--chat-template", template("alternating")], 1,
                "refuses this conversation (line 29): The role 'critic' is not known."
            ),
            (
                #"{"messages": [{"role": "user"}]}"#, ["--chat-template", "/nowhere.jinja"], 1,
                "cannot read /nowhere.jinja"
            ),
            (
                #"{"messages": [{"role": "user"}]}"#, ["--chat-template-kwargs", "[]"], 64,
                "chat_template_kwargs is an array"
            ),
            (
                #"{"messages": [{"role": "user"}], "chat_template": "rag"}"#, [], 1,
                "has no chat template 'rag'; it has 'default'"
            ),
        ] as [(String, [String], Int32, String)])
    func refusals(_ chat: String, _ options: [String], _ status: Int32, _ message: String) throws {
        let command = try render(chat, options)
        #expect(command.status == status)
        #expect(command.errors.contains(message), "\(command.errors)")
        #expect(command.output.isEmpty)
    }

    @Test("template options without a chat are refused")
    func withoutChat() throws {
        let command = try Command.run(["tokenize", "--tokenizer", Self.tokenizer, "--no-thinking", "a"])
        #expect(command.status == 64)
        #expect(command.errors.contains("belong to --chat"))
        let raw = try Command.run(["generate", "--raw", "--chat-template", "x", "a"])
        #expect(raw.status == 64)
        #expect(raw.errors.contains("--chat-template needs a chat"))
    }

    @Test("the embedded model answers with another template, given by a file or by name")
    func generate() throws {
        let question = "Sort this list: 73 27 43 37 19"
        let own = try Command.run(["generate", "--max-tokens", "20", question])
        let named = try Command.run(["generate", "--max-tokens", "20", "--chat-template", "default", question])
        #expect(own.status == 0 && own.text == named.text)
        let broken = try TemporaryDirectory()
        let file = try broken.write("{% if %}", "broken.jinja")
        let refused = try Command.run(["generate", "--chat-template", file, question])
        #expect(refused.status == 1)
        #expect(refused.errors.contains("line 1 of the chat template"), "\(refused.errors)")
    }
}
