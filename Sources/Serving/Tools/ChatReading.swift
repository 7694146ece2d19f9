import Constraints
import Decoding
import Tokens

/// How the answer to a chat is read: what of it is reasoning, and what calls tools.
struct ChatReading: Sendable {
    private let fields: ToolFields
    private let form: ToolCallForm?
    private let reasoning: ReasoningPrefix

    /// - Parameters:
    ///   - options: those that the prompt was rendered with.
    ///   - prompt: its end tells whether the answer begins within reasoning.
    init(_ fields: ToolFields, _ options: ChatOptions, prompt: [Int], _ tokenizer: Tokenizer) throws {
        self.fields = fields
        func mentions(_ text: String) throws -> Bool { try tokenizer.templateMentions(text, options) }
        var end = tokenizer.decode(Array(prompt.suffix(32)), skipSpecial: false)[...]
        while let last = end.last, last.isWhitespace { end.removeLast() }
        if end.hasSuffix("<think>") {
            reasoning = .open
        } else {
            reasoning = try mentions("</think>") && !end.hasSuffix("</think>") ? .optional : .none
        }
        guard !fields.tools.isEmpty, fields.choice != .none else {
            form = nil
            return
        }
        if try mentions("<function=") {
            form = .taggedParameters
        } else if try mentions("<tool_call>") {
            form = .taggedJSON
        } else {
            form = try mentions("\"parameters\"") ? .parametersJSON : .argumentsJSON
        }
    }

    /// A reader of one answer.
    func reader() -> AnswerReader {
        AnswerReader(form: form, tools: fields.tools, isParallel: fields.isParallel, reasoning: reasoning)
    }

    /// What the answer must be, by the tools and by `asked`, the request's own constraint; nil for any text.
    ///
    /// - Throws: `ConstraintError` naming what a tool's schema has that cannot be kept.
    func constraint(_ asked: Constraint?) throws(ConstraintError) -> Constraint? {
        let isRequired = fields.choice != .auto && fields.choice != .none
        guard let form, isRequired || fields.isStrict || !fields.isParallel || asked != nil else {
            return asked?.after(reasoning)
        }
        var tools = fields.tools
        if case .named(let name) = fields.choice { tools = tools.filter { $0.name == name } }
        // A tool that may but need not be called, and that is not strict, may have any arguments.
        if !isRequired, !fields.isStrict {
            tools = tools.map { ToolDescription(name: $0.name, schema: "{\"type\": \"object\"}") }
        }
        var isParallel = fields.isParallel
        if case .named = fields.choice { isParallel = false }
        // A required call comes at once, unless the prompt has opened the reasoning.
        let before = isRequired && reasoning == .optional ? .none : reasoning
        return try .toolCalls(
            tools, form: form, isRequired: isRequired, isParallel: isParallel, reasoning: before, otherwise: asked)
    }
}
