import Decoding
import Foundation

extension Comparison.Divergence {
    /// The predicate of a sentence about a plan: where its answer diverges from vanilla's, and how likely vanilla finds that.
    package var sentence: String {
        let beginning = "parts from vanilla at token \(place + 1)"
        guard let found else { return "\(beginning): it ends, where vanilla has \(Self.shown(expected))" }
        let probability = logprob.map { String(format: "%.2g %%", 100 * exp($0)) } ?? "unknown"
        let expected = expected.map { "vanilla has \(Self.shown($0))" } ?? "vanilla's answer is over"
        return "\(beginning): \(Self.shown(found)), where \(expected) and gives that \(probability)"
    }

    private static func shown(_ token: GeneratedToken?) -> String {
        guard let token else { return "nothing" }
        return token.text.isEmpty ? "token \(token.id)" : "“\(token.text.replacing("\n", with: "↵"))”"
    }
}
