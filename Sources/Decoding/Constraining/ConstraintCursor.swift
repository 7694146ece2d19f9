import Constraints
import Tensors

/// A place in a constrained text, from which tokens are chosen. A copy is a mark to return to.
struct ConstraintCursor {
    private let constraint: TokenConstraint
    /// Tokens that end the text; none if ends are ignored.
    private let endTokens: [Int]
    /// Nil after the end.
    private var state: TokenConstraint.State?

    init(_ constraint: TokenConstraint, endTokens: Set<Int>) {
        (self.constraint, self.endTokens) = (constraint, endTokens.sorted())
        state = constraint.start
    }

    /// Whether nothing can follow, not even an end token.
    var isOver: Bool {
        guard let state else { return true }
        return endTokens.isEmpty && constraint.isFinal(state)
    }

    /// Moves past `token`.
    ///
    /// - Throws: `ConstraintError.tokenNotAllowed`.
    mutating func advance(_ token: Int) throws(ConstraintError) {
        guard let state else { throw .tokenNotAllowed(token) }
        if isEnd(token) {
            self.state = nil
        } else {
            guard let next = try constraint.next(state, token) else { throw .tokenNotAllowed(token) }
            self.state = next
        }
    }

    func allows(_ token: Int) throws(ConstraintError) -> Bool {
        guard let state else { return false }
        return isEnd(token) ? true : try constraint.next(state, token) != nil
    }

    /// The most likely of the allowed tokens; nil if none has a finite logit.
    ///
    /// Mostly the model's own choice is allowed. Then no mask is needed.
    func mostLikely(_ logits: UnsafeBufferPointer<Float>) throws(ConstraintError) -> Int? {
        guard let state, let best = logits.argmax else { return nil }
        if try allows(best) { return logits[best].isFinite ? best : nil }
        var (found, largest): (Int?, Float) = (nil, -.infinity)
        func consider(_ token: Int) {
            if logits[token] > largest { (found, largest) = (token, logits[token]) }
        }
        try constraint.mask(state).forEach(below: logits.count, consider)
        // In order of their ids, as in a search over all tokens.
        for token in ends(after: state) where token < logits.count {
            if let best = found, logits[token] == largest, token < best { found = token } else { consider(token) }
        }
        return found
    }

    /// Sets the logits of tokens that are not allowed to −∞.
    func mask(_ logits: UnsafeMutableBufferPointer<Float>) throws(ConstraintError) {
        guard let state else { return logits.update(repeating: -.infinity) }
        let mask = try constraint.mask(state)
        let ends = ends(after: state).filter { $0 < logits.count }.map { ($0, logits[$0]) }
        logits.keep(mask)
        for (token, logit) in ends { logits[token] = logit }
    }

    private func ends(after state: TokenConstraint.State) -> [Int] { constraint.accepts(state) ? endTokens : [] }

    private func isEnd(_ token: Int) -> Bool {
        guard endTokens.contains(token), let state else { return false }
        return constraint.accepts(state)
    }
}

extension UnsafeMutableBufferPointer<Float> {
    /// Sets all elements to −∞, except those of the mask's tokens.
    fileprivate func keep(_ mask: TokenMask) {
        for start in stride(from: 0, to: count, by: 64) {
            let word = start >> 6 < mask.words.count ? mask.words[start >> 6] : 0
            guard word != .max else { continue }
            let end = Swift.min(start + 64, count)
            if word == 0 {
                for index in start..<end { self[index] = -.infinity }
            } else {
                for index in start..<end where word >> UInt64(index & 63) & 1 == 0 { self[index] = -.infinity }
            }
        }
    }
}
