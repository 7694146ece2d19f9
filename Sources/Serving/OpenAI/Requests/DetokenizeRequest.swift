/// The body of `POST /detokenize`.
struct DetokenizeRequest: Decodable {
    let tokens: [Int]

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case tokens
    }

    init(from decoder: any Decoder) throws {
        try decoder.refuseFields(notIn: CodingKeys.names)
        do {
            tokens = try decoder.container(keyedBy: CodingKeys.self).decode([Int].self, forKey: .tokens)
        } catch is DecodingError {
            throw APIError.invalid("tokens are no list of whole numbers; give one", field: "tokens")
        }
    }
}
