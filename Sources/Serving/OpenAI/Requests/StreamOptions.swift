import JSON

/// `stream_options`. A null option is an error, unlike elsewhere.
struct StreamOptions: Decodable {
    let includesUsage: Bool
    /// Options that are not known.
    let others: [String]

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case includesUsage = "include_usage"
        case includesObfuscation = "include_obfuscation"
    }

    init(from decoder: any Decoder) throws {
        let options = try decoder.container(keyedBy: CodingKeys.self)
        includesUsage = options.contains(.includesUsage) ? try options.decode(Bool.self, forKey: .includesUsage) : false
        others = try decoder.container(keyedBy: FieldName.self).allKeys.map(\.stringValue)
            .filter { !CodingKeys.names.contains($0) }.sorted()
    }
}
