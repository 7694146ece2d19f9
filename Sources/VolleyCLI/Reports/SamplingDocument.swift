import Volley

/// The sampling parameters: values by name, and the origin of each.
struct SamplingDocument: Encodable {
    let parameters: [String: Double]
    let origins: [String: String]

    init(_ summary: SamplingSummary) {
        parameters = Dictionary(uniqueKeysWithValues: summary.entries.map { ($0.name, $0.value) })
        origins = Dictionary(uniqueKeysWithValues: summary.entries.map { ($0.name, $0.origin) })
    }
}
