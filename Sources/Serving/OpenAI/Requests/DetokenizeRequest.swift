import Foundation

/// The body of `POST /detokenize`.
struct DetokenizeRequest: DecodableWithConfiguration {
    let tokens: [Int]

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case tokens
    }

    init(from decoder: any Decoder, configuration served: ServedModel) throws {
        _ = try decoder.fields(notIn: CodingKeys.names, for: served)
        do {
            tokens = try decoder.container(keyedBy: CodingKeys.self).decode([Int].self, forKey: .tokens)
        } catch is DecodingError {
            throw APIError.invalid("tokens are no list of whole numbers; give one", field: "tokens")
        }
    }
}
