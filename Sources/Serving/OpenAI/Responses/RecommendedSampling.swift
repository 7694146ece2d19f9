import Decoding
import JSON
import Models

/// The model's sampling defaults; empty if its makers recommend none.
struct RecommendedSampling: Encodable {
    private let entries: [SamplingSummary.Entry]

    init(_ defaults: GenerationDefaults) {
        entries = defaults.temperature == nil ? [] : SamplingSummary(defaults).entries
    }

    func encode(to encoder: any Encoder) throws {
        var fields = encoder.container(keyedBy: FieldName.self)
        for entry in entries {
            let number: JSONValue = Int(exactly: entry.value).map { .int($0) } ?? .double(entry.value)
            try fields.encode(number, forKey: FieldName(entry.name))
        }
    }
}
