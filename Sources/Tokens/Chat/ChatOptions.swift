import JSON

/// What a chat template is given beside the messages.
public struct ChatOptions: Sendable, Equatable {
    /// `enable_thinking`: false asks a model that can think not to; nil leaves it to the template.
    public var thinking: Bool?
    /// Which of the model's templates; nil takes the one for tools where there are any, else the default one.
    public var templateName: String?
    /// A list of objects, each a tool that the model may call; nil for none.
    package var tools: [JSONValue]?
    /// A list of objects, each a text that the answer may use; nil for none.
    package var documents: [JSONValue]?
    /// Further variables of the template (`chat_template_kwargs`).
    package var variables = JSONObject()

    /// - Parameter thinking: false asks a model that can think not to; nil leaves it to the template.
    public init(thinking: Bool? = nil) { self.thinking = thinking }

    /// - Parameters:
    ///   - thinking: false asks a model that can think not to; nil leaves it to the template.
    ///   - tools: JSON, a list of tools as OpenAI's API and the templates describe them; nil for none.
    ///   - documents: JSON, a list of objects; nil for none.
    ///   - variables: JSON, an object with further variables of the template; nil for none.
    /// - Throws: `TokenizerError.badChat` where a text is not such JSON.
    public init(
        thinking: Bool? = nil, tools: String?, documents: String? = nil, variables: String? = nil
    ) throws(TokenizerError) {
        self.thinking = thinking
        if let tools { try set(tools: JSONValue(chat: tools, "tools")) }
        if let documents { try set(documents: JSONValue(chat: documents, "documents")) }
        if let variables { try add(variables: JSONValue(chat: variables, Self.variablesName)) }
    }
}

extension ChatOptions {
    package static let variablesName = "chat_template_kwargs"

    /// - Throws: `TokenizerError.badChat` where `tools` is not a list of objects.
    package mutating func set(tools: JSONValue) throws(TokenizerError) {
        self.tools = try Self.objects(tools, "tools")
    }

    /// - Throws: `TokenizerError.badChat` where `documents` is not a list of objects.
    package mutating func set(documents: JSONValue) throws(TokenizerError) {
        self.documents = try Self.objects(documents, "documents")
    }

    /// Adds variables; a later one overrides an earlier one.
    /// - Throws: `TokenizerError.badChat` where `variables` is not an object, or sets what has a place of its own.
    package mutating func add(variables: JSONValue) throws(TokenizerError) {
        guard let fields = variables.objectValue else {
            throw .badChat(problem: "\(Self.variablesName) is \(variables); give an object")
        }
        for (name, value) in fields {
            guard !["messages", "tools", "documents", "add_generation_prompt"].contains(name) else {
                throw .badChat(problem: "\(Self.variablesName) sets \(quoted(name)), which is given beside it")
            }
            self.variables[name] = value
        }
    }

    /// Takes over what `other` sets of thinking and variables.
    package mutating func merge(_ other: ChatOptions) {
        thinking = other.thinking ?? thinking
        for (name, value) in other.variables { variables[name] = value }
    }

    private static func objects(_ value: JSONValue, _ name: String) throws(TokenizerError) -> [JSONValue] {
        guard let elements = value.arrayValue, elements.allSatisfy({ $0.objectValue != nil }) else {
            throw .badChat(problem: "\(name) is \(value); give a list of objects")
        }
        return elements
    }
}
