import Foundation

/// The body of `POST /tokenize`.
struct TokenizeRequest: DecodableWithConfiguration {
    let content: String
    /// Whether to add the model's special tokens.
    let addsSpecial: Bool

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case content
        case addsSpecial = "add_special"
    }

    init(from decoder: any Decoder, configuration served: ServedModel) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        addsSpecial = try fields.truth(.addsSpecial) ?? false
        guard let content = try fields.text(.content) else {
            throw APIError.invalid("content is missing; give a text", field: "content")
        }
        self.content = content
        _ = try decoder.fields(notIn: CodingKeys.names, for: served)
    }
}
