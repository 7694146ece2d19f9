import JSON

/// A text or token ids to be continued.
enum CompletionPrompt: Decodable {
    case text(String)
    case tokens([Int])

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let text = try? container.decode(String.self) {
            self = .text(text)
        } else if let tokens = try? container.decode([Int].self), !tokens.isEmpty {
            self = .tokens(tokens)
        } else {
            let value = try container.decode(JSONValue.self)
            throw APIError.invalid(
                "prompt holds \(value); give texts alone, or lists of whole numbers alone", field: "prompt")
        }
    }
}
