import Tensors

/// Draws drafts as the tokens that verify them are drawn. Penalties are left out: what they do to the draft's own text is not known
/// before it is verified.
package struct DraftSampler {
    let verifyRule: VerifyRule
    var draw: TokenDraw

    /// A draft, and the distribution that it was drawn from, if the rule needs it.
    ///
    /// - Parameter number: the draft's number in the answer.
    /// - Throws: `SamplingError.logitsNotFinite`.
    package mutating func draft(
        from logits: UnsafeBufferPointer<Float>, number: Int
    ) throws(SamplingError) -> DraftedToken {
        switch verifyRule {
        case .exact: return DraftedToken(try draw.token(from: logits, number: number))
        case .distribution:
            let distribution = try draw.distribution(of: logits)
            return DraftedToken(distribution.token(draw.unit(number, for: .draft)), from: distribution)
        }
    }
}
