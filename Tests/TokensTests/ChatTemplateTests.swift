import Foundation
import Testing
import Tokens

@Suite struct ChatTemplateTests {
    private let question = [ChatMessage(role: "user", content: " Hi ")]

    private func render(
        _ template: String?, _ messages: [ChatMessage], begin: String = "<s>", thinking: Bool? = nil
    ) throws -> String {
        let tokens = ["<s>", "a"].map { Array($0.utf8) }
        let vocabulary = GGUFVocabulary(
            model: "gpt2", pre: "qwen2", tokens: tokens, merges: [], tokenTypes: [3, 1], beginID: 0,
            chatTemplate: template)
        return try Tokenizer(gguf: vocabulary).renderChat(messages, addGenerationPrompt: true, enableThinking: thinking)
    }

    @Test("Qwen 2.5's default system message is found where the template has it")
    func defaultSystem() throws {
        let template = """
            {%- if tools %}{{- '<|im_start|>system\\n' }}{{- 'You are Tools.' }}{%- else %}
            {%- if messages[0]['role'] == 'system' %}{{- '<|im_start|>system\\n' + messages[0]['content'] + '<|im_end|>\\n' }}
            {%- else %}{{- '<|im_start|>system\\nYou are Qwen.<|im_end|>\\n' }}{%- endif %}{%- endif %}
            {%- for message in messages %}{{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>' + '\\n' }}
            {%- endfor %}{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}{%- endif %}
            """
        #expect(
            try render(template, question)
                == "<|im_start|>system\nYou are Qwen.<|im_end|>\n<|im_start|>user\n Hi <|im_end|>\n<|im_start|>assistant\n"
        )
    }

    @Test("a template may open the answer with a thought")
    func openingThought() throws {
        let template =
            "{% for m in messages %}{{ '<|im_start|>' + m.role + '\n' + m.content | trim + '<|im_end|>\n' }}{% endfor %}"
            + "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n<think>\\n' }}{% endif %}"
        #expect(
            try render(template, question, thinking: false)
                == "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n<think>\n")
    }

    @Test("Llama 3.1 opens with its dates, with and without a system message")
    func llamaDates() throws {
        let template = """
            {{- bos_token }}{%- set date_string = "26 Jul 2024" %}
            {{- "<|start_header_id|>system<|end_header_id|>\\n\\n" }}{{- "Cutting Knowledge Date: December 2023\\n" }}
            {{- "Today Date: " + date_string + "\\n\\n" }}{{- system_message }}{{- "<|eot_id|>" }}
            {%- for message in messages %}{{- message['content'] | trim + '<|eot_id|>' }}{%- endfor %}
            """
        let dates =
            "<s><|start_header_id|>system<|end_header_id|>\n\nCutting Knowledge Date: December 2023\n"
            + "Today Date: 26 Jul 2024\n\n"
        let rest =
            "<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nHi<|eot_id|>"
            + "<|start_header_id|>assistant<|end_header_id|>\n\n"
        #expect(try render(template, question) == dates + rest)
        #expect(
            try render(template, [ChatMessage(role: "system", content: "Be brief. ")] + question)
                == dates + "Be brief." + rest)
    }

    @Test(
        "what cannot be rendered is said, not guessed at",
        arguments: [
            (nil, "user", "the model has no chat template"),
            ("[INST] {{ messages[0].content }} [/INST]", "user", "chat template is not supported"),
            ("{{ '<|im_start|>'", "user", "chat template is not supported"),
            (
                "{{ '<|im_start|>' + '<|im_end|>\n' }}{% add_generation_prompt %}{{'<|im_start|>assistant' }}", "tool",
                "'tool'"
            ),
        ])
    func refusals(_ template: String?, _ role: String, _ expected: String) throws {
        let error = #expect(throws: TokenizerError.self) {
            try render(template, [ChatMessage(role: role, content: "x")])
        }
        #expect(error?.description.contains(expected) == true)
    }

    @Test("a chat without messages is refused")
    func empty() throws {
        let error = #expect(throws: TokenizerError.self) {
            try TokenizerGolden("qwen2-style").tokenizer.renderChat([], addGenerationPrompt: true)
        }
        #expect(error?.description == "chat: there are no messages")
    }
}
