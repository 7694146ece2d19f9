import Constraints
import JSON

/// The fields by which requests constrain the answer: OpenAI's `response_format`, vLLM's `guided_…` and `structured_outputs`, and
/// llama.cpp's `grammar` and `json_schema`.
enum ConstraintFields: String, CodingKey, CaseIterable {
    case responseFormat = "response_format"
    case guidedJSON = "guided_json"
    case guidedExpression = "guided_regex"
    case guidedChoice = "guided_choice"
    case guidedGrammar = "guided_grammar"
    case structuredOutputs = "structured_outputs"
    case grammar
    case jsonSchema = "json_schema"

    /// The constraint that a request asks for; nil without one.
    ///
    /// - Throws: `APIError` naming the field that is wrong or cannot be kept.
    static func constraint(from decoder: any Decoder) throws -> Constraint? {
        let fields = try decoder.container(keyedBy: Self.self)
        var found: (field: Self, constraint: Constraint)?
        for field in allCases {
            guard let value = try fields.decodeIfPresent(JSONValue.self, forKey: field), !value.isNull,
                let constraint = try field.constraint(value)
            else { continue }
            if let found {
                throw APIError.invalid(
                    "give \(found.field.rawValue) or \(field.rawValue), not both", field: field.rawValue)
            }
            found = (field, constraint)
        }
        return found?.constraint
    }

    private func constraint(_ value: JSONValue) throws(APIError) -> Constraint? {
        do {
            switch self {
            case .responseFormat: return try responseFormat(value)
            case .structuredOutputs: return try structuredOutputs(value)
            case .guidedJSON, .jsonSchema: return try schema(value)
            case .guidedExpression: return try .regularExpression(text(value))
            case .guidedChoice: return try choices(value)
            case .guidedGrammar, .grammar: return try .grammar(text(value))
            }
        } catch let error as APIError {
            throw error
        } catch {
            throw .invalid("\(rawValue): \(error)", field: rawValue)
        }
    }

    private func responseFormat(_ value: JSONValue) throws -> Constraint? {
        switch value["type"]?.stringValue {
        case "text": return nil
        case "json_object": return .jsonObject
        case "json_schema":
            guard let schema = value["json_schema"]?["schema"] else {
                throw refusal(value, "a json_schema with its schema")
            }
            return try .jsonSchema(schema)
        default: throw refusal(value, "a type of text, json_object or json_schema")
        }
    }

    private func structuredOutputs(_ value: JSONValue) throws -> Constraint? {
        guard let fields = value.objectValue else { throw refusal(value, "an object") }
        let given = fields.filter { !$0.value.isNull && $0.value != .bool(false) }
        guard given.count == 1, let field = given.first else {
            throw refusal(value, "one of json, regex, choice, grammar and json_object")
        }
        switch field.name {
        case "json": return try schema(field.value)
        case "regex": return try .regularExpression(text(field.value))
        case "choice": return try choices(field.value)
        case "grammar": return try .grammar(text(field.value))
        case "json_object": return .jsonObject
        default: throw refusal(value, "one of json, regex, choice, grammar and json_object")
        }
    }

    /// A schema, as an object or as its text.
    private func schema(_ value: JSONValue) throws(ConstraintError) -> Constraint {
        if let text = value.stringValue { return try .jsonSchema(text) }
        return try .jsonSchema(value)
    }

    private func choices(_ value: JSONValue) throws -> Constraint {
        let texts = value.arrayValue?.compactMap(\.stringValue) ?? []
        guard !texts.isEmpty, texts.count == value.arrayValue?.count else { throw refusal(value, "a list of texts") }
        return .choices(texts)
    }

    private func text(_ value: JSONValue) throws(APIError) -> String {
        guard let text = value.stringValue else { throw refusal(value, "a text") }
        return text
    }

    private func refusal(_ value: JSONValue, _ expected: String) -> APIError {
        .invalid("\(rawValue) is \(value); give \(expected)", field: rawValue)
    }
}
