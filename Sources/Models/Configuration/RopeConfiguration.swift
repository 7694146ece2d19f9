/// Rotary position embedding: the frequency at which each pair of an attention head's values is rotated.
///
/// Value i of an attention head's first half is paired with value i of its second half, as in Hugging Face.
public struct RopeConfiguration: Sendable, Equatable {
    /// Base of the frequencies (`rope_theta`).
    public let theta: Double
    /// How the frequencies are scaled.
    public let scaling: Scaling
    /// Width of one attention head; even.
    public let headWidth: Int

    /// A way to extend a model to longer contexts than it was trained on.
    public enum Scaling: Sendable, Equatable {
        /// Unscaled frequencies.
        case none
        /// All frequencies divided by `factor`.
        case linear(factor: Double)
        /// Llama 3.1: low frequencies divided by `factor`, high ones kept, those between blended.
        case llama3(
            factor: Double, lowFrequencyFactor: Double, highFrequencyFactor: Double, originalContextLength: Int)
        /// Low frequencies divided, high ones kept, cos and sin scaled.
        case yarn(YarnScaling)
    }

    /// The factor of cos and sin (YaRN's attention factor).
    public var attentionFactor: Float {
        if case .yarn(let scaling) = scaling { Float(scaling.attentionFactor) } else { 1 }
    }

    /// - Precondition: the values have been checked.
    package init(theta: Double, scaling: Scaling, headWidth: Int) {
        self.theta = theta
        self.scaling = scaling
        self.headWidth = headWidth
    }
}
