import JSON

/// `stop`: a string, or up to 16; none empty.
struct StopStrings: Decodable {
    let texts: [String]

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        texts = try (try? container.decode(String.self)).map { [$0] } ?? container.decode([String].self)
        guard texts.count <= 16, !texts.contains("") else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "too many strings, or an empty one")
        }
    }
}
