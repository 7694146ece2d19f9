/// How a family of models writes calls of tools.
package enum ToolCallForm: String, Sendable, CaseIterable {
    /// Qwen, Hermes: `<tool_call>{"name": …, "arguments": …}</tool_call>`.
    case taggedJSON
    /// Qwen3-Coder: `<tool_call><function=…><parameter=…>…</parameter></function></tool_call>`.
    case taggedParameters
    /// Llama 3: `{"name": …, "parameters": …}` in place of a text.
    case parametersJSON
    /// `{"name": …, "arguments": …}` in place of a text.
    case argumentsJSON

    /// The text before a call; nil if calls stand in place of a text.
    package var opening: String? {
        switch self {
        case .taggedJSON, .taggedParameters: "<tool_call>"
        case .parametersJSON, .argumentsJSON: nil
        }
    }

    package var closing: String? { opening == nil ? nil : "</tool_call>" }

    /// The field of a call that holds its arguments.
    package var argumentsField: String { self == .parametersJSON ? "parameters" : "arguments" }
}

/// A tool that a model may call.
package struct ToolDescription: Sendable, Equatable {
    package let name: String
    /// The JSON schema of its arguments, as text.
    package let schema: String

    package init(name: String, schema: String) {
        (self.name, self.schema) = (name, schema)
    }
}

/// Reasoning that may precede an answer.
package enum ReasoningPrefix: String, Sendable {
    case none
    /// The model may begin with `<think>`.
    case optional
    /// The prompt ends with `<think>`.
    case open
}
