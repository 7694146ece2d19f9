import JSON

/// A chat template's inputs other than the messages.
public struct ChatOptions: Sendable, Equatable {
    /// `enable_thinking`: false asks a reasoning model not to think; nil leaves the choice to the template.
    public var thinking: Bool?
    /// The name of the template. nil selects the one for tools if there are tools, otherwise the default.
    public var templateName: String?
    /// Tools that the model may call, as JSON objects.
    package var tools: [JSONValue]?
    /// Documents for the answer, as JSON objects.
    package var documents: [JSONValue]?
    /// Additional template variables (`chat_template_kwargs`).
    package var variables = JSONObject()

    /// - Parameter thinking: false asks a reasoning model not to think; nil leaves the choice to the template.
    public init(thinking: Bool? = nil) { self.thinking = thinking }

    /// - Parameters:
    ///   - thinking: false asks a reasoning model not to think; nil leaves the choice to the template.
    ///   - tools: a JSON array of tools in the format of OpenAI's API; nil for none.
    ///   - documents: a JSON array of objects; nil for none.
    ///   - variables: a JSON object of additional template variables; nil for none.
    /// - Throws: `TokenizerError.badChat` if an argument is not such JSON.
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

    /// - Throws: `TokenizerError.badChat` if `tools` is not an array of objects.
    package mutating func set(tools: JSONValue) throws(TokenizerError) {
        self.tools = try Self.objects(tools, "tools")
    }

    /// - Throws: `TokenizerError.badChat` if `documents` is not an array of objects.
    package mutating func set(documents: JSONValue) throws(TokenizerError) {
        self.documents = try Self.objects(documents, "documents")
    }

    /// Adds variables. Later values override earlier ones.
    /// - Throws: `TokenizerError.badChat` if `variables` is not an object, or sets a variable that has its own option.
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

    /// Overrides thinking and variables with those that `other` sets.
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
