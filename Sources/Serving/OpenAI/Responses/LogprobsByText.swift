import JSON

/// An object with a field for each token, named by its text; tokens with the text of a likelier one are named by their ids.
package struct LogprobsByText: Encodable {
    private let entries: [(name: String, logprob: Double)]

    /// - Parameter tokens: most likely first.
    package init(_ tokens: [(name: String, id: Int, logprob: Double)]) {
        var names: Set<String> = []
        entries = tokens.map { name, id, logprob in
            (names.insert(name).inserted ? name : "token_id:\(id)", logprob)
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: FieldName.self)
        for entry in entries { try container.encode(entry.logprob, forKey: FieldName(entry.name)) }
    }
}
