/// `stream_options`. A null option is an error, unlike elsewhere.
struct StreamOptions: Decodable {
    let includesUsage: Bool

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case includesUsage = "include_usage"
        case includesObfuscation = "include_obfuscation"
    }

    init(from decoder: any Decoder) throws {
        let options = try decoder.singleValueContainer().decode([String: Bool].self)
        guard options.keys.allSatisfy(CodingKeys.names.contains) else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "an option that is not known"))
        }
        includesUsage = options[CodingKeys.includesUsage.rawValue] ?? false
    }
}
