/// ChatML as Qwen 2 to 3 and SmolLM2 use it: `<|im_start|>role`, the content, `<|im_end|>`.
struct ChatMLFormat: Sendable {
    /// The opening turn of a chat without a system message; "" for none.
    private let defaultSystem: String
    private let generationPrompt: String
    /// Whether the reasoning in answers before the last question is left out (Qwen 3).
    private let dropsReasoning: Bool
    /// Whether the generation prompt can say that there shall be no reasoning.
    private let canSkipThinking: Bool
    private let trimsContent: Bool

    /// Nil where `source` is no such template.
    init?(_ source: String) {
        let literals = TemplateLiterals(source)
        guard literals.contain("<|im_start|>"), literals.contain("<|im_end|>\n"),
            let prompt = source.utf8.firstRange(of: "add_generation_prompt".utf8),
            let opening = literals.first(
                startingWith: "<|im_start|>assistant",
                from: source.utf8.distance(from: source.startIndex, to: prompt.lowerBound))
        else { return nil }
        generationPrompt = opening
        let system = literals.texts.map(\.text).first {
            $0.utf8.starts(with: "<|im_start|>system\n".utf8) && $0.hasSuffix("<|im_end|>\n")
        }
        defaultSystem = system ?? ""
        dropsReasoning = source.utf8.firstRange(of: "split('</think>')".utf8) != nil
        canSkipThinking = source.utf8.firstRange(of: "enable_thinking".utf8) != nil
        trimsContent = source.trimsContent
    }

    func render(_ messages: [ChatMessage], addGenerationPrompt: Bool, enableThinking: Bool) -> String {
        var text = messages.first?.role == "system" ? "" : defaultSystem
        let lastQuestion = messages.lastIndex(where: \.isQuestion) ?? messages.count - 1
        for (index, message) in messages.enumerated() {
            var content = trimsContent ? message.content.trimmed(\.isPythonSpace) : message.content
            if dropsReasoning, message.role == "assistant" {
                let answer = Answer(content)
                let isCurrent = index > lastQuestion && (index == messages.count - 1 || !answer.reasoning.isEmpty)
                content = isCurrent ? answer.withReasoning : answer.text
            }
            text += "<|im_start|>\(message.role)\n\(content)<|im_end|>\n"
        }
        guard addGenerationPrompt else { return text }
        text += generationPrompt
        return canSkipThinking && !enableThinking ? text + "<think>\n\n</think>\n\n" : text
    }
}

/// An answer, its reasoning apart.
private struct Answer {
    var reasoning = ""
    var text: String

    init(_ content: String) {
        text = content
        let parts = content.parts(between: "</think>")
        guard parts.count > 1 else { return }
        let thought = parts[0].trimmed(\.isNewline, atStart: false)
        reasoning = thought.parts(between: "<think>").last?.trimmed(\.isNewline, atEnd: false) ?? ""
        text = parts[parts.count - 1].trimmed(\.isNewline, atEnd: false)
    }

    var withReasoning: String {
        "<think>\n\(reasoning.trimmed(\.isNewline))\n</think>\n\n\(text.trimmed(\.isNewline, atEnd: false))"
    }
}

extension ChatMessage {
    /// A question of the user's, and no result of a tool, which templates write as one.
    fileprivate var isQuestion: Bool {
        let isToolResult = content.utf8.starts(with: "<tool_response>".utf8) && content.hasSuffix("</tool_response>")
        return role == "user" && !isToolResult
    }
}

extension Unicode.Scalar {
    fileprivate var isNewline: Bool { self == "\n" }
}
