import Decoding
import JSON

/// `logit_bias`: what is added to tokens' logits before each choice.
struct LogitBias: Decodable, Sendable {
    private var biases: [(token: Int, bias: Float)] = []

    init() {}

    /// - Throws: `APIError` if this is no object with a number from -100 to 100 for each token id.
    init(from decoder: any Decoder) throws {
        let value = try JSONValue(from: decoder)
        let refusal = APIError.invalid(
            "logit_bias is no object of numbers from -100 to 100 by token id; give one", field: "logit_bias")
        guard let object = value.objectValue else { throw refusal }
        biases = try object.map { name, value in
            guard let token = Int(name), let bias = value.doubleValue, abs(bias) <= 100 else { throw refusal }
            return (token, Float(bias))
        }
    }

    /// - Throws: `APIError` for a token outside the vocabulary.
    func check(largestToken: Int) throws(APIError) {
        guard let other = biases.first(where: { !(0...largestToken).contains($0.token) }) else { return }
        throw .invalid(
            "logit_bias has token id \(other.token), which is outside the vocabulary; ids run from 0 to \(largestToken)",
            field: "logit_bias")
    }

    /// What adds the biases; none if there are none.
    var processors: [any LogitProcessor] { biases.isEmpty ? [] : [LogitBiasProcessor(biases: biases)] }
}

/// Adds biases to logits. At ±100 they decide, as at OpenAI.
private struct LogitBiasProcessor: LogitProcessor {
    let biases: [(token: Int, bias: Float)]

    mutating func process(_ logits: inout MutableSpan<Float>) {
        for (token, bias) in biases { logits[token] += bias <= -100 ? -.infinity : bias }
    }
}
