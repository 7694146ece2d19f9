import JSON

/// An object with a field for each token, named by its text. If two tokens have the same text, the later one wins.
struct LogprobsByText: Encodable {
    let entries: [(text: String, logprob: Double)]

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: FieldName.self)
        for entry in entries { try container.encode(entry.logprob, forKey: FieldName(entry.text)) }
    }
}
