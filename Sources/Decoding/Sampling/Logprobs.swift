#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A token and the natural logarithm of its probability.
public struct TokenLogprob: Sendable, Equatable {
    /// The token's id.
    public let id: Int
    /// The natural logarithm of the token's probability, at most 0.
    public let logprob: Float
}

/// The `count` most likely tokens under softmax(`logits`), most likely first, followed by `sampled` if it is not among them.
/// Probabilities are the model's own, before penalties and temperature.
package func logprobs(
    of logits: UnsafeBufferPointer<Float>, sampled: Int, count: Int
) -> [TokenLogprob] {
    let largest = logits.max() ?? 0
    let normaliser = largest + Float(log(logits.reduce(0.0) { $0 + exp(Double($1 - largest)) }))
    var top: [Int] = []
    top.reserveCapacity(count + 1)
    for token in logits.indices where count > 0 && (top.count < count || logits[token] > logits[top[count - 1]]) {
        let index = top.firstIndex { logits[token] > logits[$0] } ?? top.count
        top.insert(token, at: index)
        if top.count > count { top.removeLast() }
    }
    if !top.contains(sampled) { top.append(sampled) }
    // A constraint may leave fewer than `count`.
    return top.filter { logits[$0] > -.infinity }.map { TokenLogprob(id: $0, logprob: logits[$0] - normaliser) }
}
