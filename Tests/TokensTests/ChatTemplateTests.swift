import Foundation
import JSON
import TestSupport
import Testing
import Tokens

/// The choice of a chat template, its inputs, and its errors.
@Suite struct ChatTemplateTests {
    private let question = [ChatMessage.user(" Hi ")]

    private func tokenizer(_ templates: [String: String]) throws -> Tokenizer {
        let tokens = ["<s>", "a", "</s>"].map { Array($0.utf8) }
        return try Tokenizer(
            gguf: GGUFVocabulary(
                model: "gpt2", pre: "qwen2", tokens: tokens, merges: [], tokenTypes: [3, 1, 3], beginID: 0, endID: 2,
                otherSpecialIDs: [.padding: 2, .unknown: 9], chatTemplates: templates))
    }

    private func render(_ template: String, _ messages: [ChatMessage], _ options: ChatOptions = ChatOptions()) throws
        -> String
    {
        try tokenizer(["default": template]).renderChat(messages, addGenerationPrompt: true, options: options)
    }

    @Test("the template sets the default system message, even in a variable")
    func defaultSystem() throws {
        let template = """
            {%- if messages[0].role == 'system' %}{%- set text = messages[0].content %}{%- set turns = messages[1:] %}
            {%- else %}{%- set text = 'Answer in verse.' %}{%- set turns = messages %}{%- endif %}
            {{- '<|im_start|>system\\n' + text + '<|im_end|>\\n' }}
            {%- for turn in turns %}{{- '<|im_start|>' + turn.role + '\\n' + turn.content + '<|im_end|>\\n' }}{%- endfor %}
            """
        #expect(
            try render(template, question)
                == "<|im_start|>system\nAnswer in verse.<|im_end|>\n<|im_start|>user\n Hi <|im_end|>\n")
    }

    @Test("enable_thinking is set only on request")
    func thinking() throws {
        let template = "{% if enable_thinking is defined %}{{ enable_thinking }}{% else %}nothing{% endif %}"
        #expect(try render(template, question) == "nothing")
        #expect(try render(template, question, ChatOptions(thinking: true)) == "True")
        #expect(try render(template, question, ChatOptions(thinking: false)) == "False")
    }

    @Test("special tokens are variables, missing ones are undefined, and additional variables override them")
    func variables() throws {
        let template =
            "{{ bos_token }}{{ eos_token }}{{ pad_token }}{{ unk_token is defined }}{{ tools is none }}{{ x }}"
        #expect(try render(template, question) == "<s></s></s>FalseTrue")
        let options = try ChatOptions(tools: nil, variables: #"{"bos_token": "!", "x": [1, {"b": 2, "a": null}]}"#)
        #expect(try render(template, question, options) == "!</s></s>FalseTrue[1, {'b': 2, 'a': None}]")
    }

    @Test("roles, parts and additional fields reach the template unchanged, null fields do not")
    func fields() throws {
        let template = "{% for m in messages %}{{ m | tojson }}{% endfor %}"
        let message = try ChatMessage(
            json: #"{"z": 1, "role": "critic", "content": [{"type": "text", "text": "é"}], "y": null}"#)
        #expect(message.content == "é")
        #expect(
            try render(template, [message])
                == #"{"z": 1, "role": "critic", "content": [{"type": "text", "text": "é"}]}"#)
    }

    @Test("messages round-trip through Foundation's coders")
    func codable() throws {
        let messages = [
            ChatMessage.system("a"), .assistant("b", reasoning: "c"), .tool("d", callID: "e"),
            try ChatMessage(
                json: #"{"role": "x", "tool_calls": [{"n": 1.5, "o": {"p": [true, null, -7]}}], "content": ""}"#),
        ]
        let again = try JSONDecoder().decode([ChatMessage].self, from: JSONEncoder().encode(messages))
        #expect(again == messages)
        #expect(throws: DecodingError.self) {
            try JSONDecoder().decode(ChatMessage.self, from: Data(#"{"content": "a"}"#.utf8))
        }
        #expect(throws: TokenizerError.badChat(problem: "the message is not a JSON object")) {
            try ChatMessage(json: "[]")
        }
    }

    @Test("tools select the template for tools, names select others")
    func names() throws {
        let tokenizer = try tokenizer(["default": "D", "tool_use": "T", "rag": "R"])
        #expect(tokenizer.chatTemplateNames == ["default", "rag", "tool_use"])
        func text(_ options: ChatOptions) throws -> String {
            try tokenizer.renderChat(question, addGenerationPrompt: false, options: options)
        }
        #expect(try text(ChatOptions()) == "D")
        #expect(try text(ChatOptions(tools: "[]")) == "T")
        var options = ChatOptions()
        options.templateName = "rag"
        #expect(try text(options) == "R")
        options.templateName = "other"
        #expect(
            throws: TokenizerError.badChat(
                problem: "the model has no chat template 'other'; it has 'default', 'rag', 'tool_use'")
        ) { try text(options) }
        #expect(try tokenizer.with(chatTemplate: "X").renderChat(question, addGenerationPrompt: false) == "X")
    }

    @Test("without a default one, a template must be named")
    func noDefault() throws {
        let tokenizer = try tokenizer(["rag": "R", "tool_use": "T"])
        #expect(
            throws: TokenizerError.badChat(
                problem: "the model has no default chat template; name one of 'rag', 'tool_use'")
        ) { try tokenizer.renderChat(question, addGenerationPrompt: false) }
    }

    @Test("templates come from the same files, in the same order, as in transformers")
    func files() throws {
        let directory = try TemporaryDirectory()
        try directory.write(
            Array(Data(contentsOf: Goldens.url("tokenizers/qwen2-style/tokenizer.json"))), "tokenizer.json")
        func text() throws -> String? {
            let tokenizer = try Tokenizer(directory: directory.path)
            guard tokenizer.hasChatTemplate else { return nil }
            return try tokenizer.renderChat(question, addGenerationPrompt: false)
        }
        #expect(try text() == nil)
        try directory.write(#"{"chat_template": "json"}"#, "chat_template.json")
        #expect(try text() == "json")
        try directory.write(
            #"{"chat_template": "config {{ eos_token }}", "eos_token": "<|im_end|>"}"#, "tokenizer_config.json")
        #expect(try text() == "config <|im_end|>")
        try directory.write(
            #"{"chat_template": [{"name": "default", "template": "one"}, {"name": "tool_use", "template": "two"}]}"#,
            "tokenizer_config.json")
        #expect(try text() == "one")
        try directory.write("jinja", "chat_template.jinja")
        #expect(try text() == "jinja")
        try FileManager.default.createDirectory(
            atPath: directory.path + "/additional_chat_templates", withIntermediateDirectories: false)
        try directory.write("more", "additional_chat_templates/rag.jinja")
        #expect(try Tokenizer(directory: directory.path).chatTemplateNames == ["default", "rag"])
        try FileManager.default.removeItem(atPath: directory.path + "/chat_template.jinja")
        #expect(try Tokenizer(directory: directory.path).chatTemplateNames == ["rag"])
    }

    @Test(
        "render errors carry the template's line and message",
        arguments: [
            (
                "a\n{{ raise_exception('Only users, please.') }}",
                "refuses this conversation (line 2): Only users, please."
            ),
            ("{% for %}", "line 1 of the chat template"), ("{{ 1 // 0 }}", "line 1 of the chat template"),
            ("\n\n{{ messages[0].content.missing.field }}", "line 3 of the chat template"),
            ("{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}", "line 1 of the chat template"),
            (
                "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
                "line 1 of the chat template"
            ),
        ])
    func refusals(_ template: String, _ expected: String) throws {
        let error = #expect(throws: TokenizerError.self) { try render(template, question) }
        #expect(error?.description.contains(expected) == true, "\(String(describing: error))")
        #expect(error?.description.contains("\n") == false)
    }

    @Test("a model without a template, and a chat without messages, are refused")
    func empty() throws {
        #expect(throws: TokenizerError.noChatTemplate) {
            try tokenizer([:]).renderChat(question, addGenerationPrompt: true)
        }
        let error = #expect(throws: TokenizerError.self) {
            try TokenizerGolden("qwen2-style").tokenizer.renderChat([], addGenerationPrompt: true)
        }
        #expect(error?.description == "chat: there are no messages")
    }

    @Test(
        "invalid chat files are refused, naming the field",
        arguments: [
            ("[]", "the chat is an array of 0 elements; give an object"), ("{", "the chat is not JSON"),
            (#"{"tools": []}"#, "there are no messages; give a list as 'messages'"),
            (#"{"messages": {}}"#, "messages is an object of 0 fields; give a list"),
            (#"{"messages": ["a"]}"#, "messages[0] is 'a'; give an object"),
            (#"{"messages": [], "tools": [1]}"#, "tools is an array of 1 elements; give a list of objects"),
            (#"{"messages": [], "enable_thinking": "no"}"#, "enable_thinking is 'no'; give true or false"),
            (#"{"messages": [], "chat_template_kwargs": {"tools": 1}}"#, "sets 'tools', which is given beside it"),
            (#"{"messages": [], "mesages": 1}"#, "there is no field 'mesages'; leave it out"),
        ])
    func documents(_ json: String, _ problem: String) throws {
        let error = #expect(throws: TokenizerError.self) { try ChatDocument(json: json) }
        #expect(error?.description.contains(problem) == true, "\(String(describing: error))")
    }

    @Test("templates that read text parts are recognised")
    func parts() throws {
        let golden = try ChatGoldenTests.Golden()
        #expect(try golden.tokenizer("parts").templateTakesParts(ChatOptions()))
        #expect(try !golden.tokenizer("thinking").templateTakesParts(ChatOptions()))
        #expect(try !tokenizer(["default": "{{ messages[0].content }}"]).templateTakesParts(ChatOptions()))
        #expect(try golden.tokenizer("thinking").templateReads("tools", ChatOptions()))
        #expect(try !golden.tokenizer("alternating").templateReads("tools", ChatOptions()))
    }

    @Test(
        "reasoning goes into the field that the template reads",
        arguments: [
            ("<think>\nhm\n</think>\n\nYes", "hm", "Yes"), ("hm\n</think>\n\nYes", "hm", "Yes"),
            ("<think>\n\n</think>\n\nYes", "", "Yes"), ("Yes", nil, "Yes"), ("<think>\nhm", nil, "<think>\nhm"),
        ] as [(String, String?, String)])
    func answers(_ answer: String, _ reasoning: String?, _ content: String) throws {
        let golden = try ChatGoldenTests.Golden()
        let message = ChatMessage(answer: answer, try golden.tokenizer("thinking"), ChatOptions())
        #expect(message.reasoning == reasoning)
        #expect(message.content == content)
        let whole = ChatMessage(answer: answer, try golden.tokenizer("alternating"), ChatOptions())
        #expect(whole == .assistant(answer))
    }
}
