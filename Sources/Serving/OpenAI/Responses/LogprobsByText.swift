import JSON

/// An object with a field for each token, named by its text. Of two tokens with the same text the later one counts.
struct LogprobsByText: Encodable {
    let entries: [(text: String, logprob: Double)]

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: FieldName.self)
        for entry in entries { try container.encode(entry.logprob, forKey: FieldName(entry.text)) }
    }
}
