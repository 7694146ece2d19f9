import JSON

/// `prompt`: one text, one list of token ids, or a list of texts and lists of token ids.
struct CompletionPrompts: Decodable {
    let prompts: [CompletionPrompt]

    init(from decoder: any Decoder) throws {
        let value = try JSONValue(from: decoder)
        let first = value.arrayValue?.first
        guard value.stringValue != nil || first != nil else {
            throw APIError.invalid(
                "prompt is \(value); give a text, texts, token ids or lists of them", field: "prompt")
        }
        // A list that begins with a number is one list of token ids.
        let isTokens = first.map { (try? Int(from: JSONValueDecoder($0))) != nil } ?? false
        prompts =
            isTokens || value.stringValue != nil
            ? [try CompletionPrompt(from: decoder)] : try [CompletionPrompt](from: decoder)
    }
}
