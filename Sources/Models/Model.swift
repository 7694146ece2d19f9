import Tensors
import Weights

/// A Qwen3-style layer stack: immutable weights, shared by every session.
///
/// Layers `0 ..< trunkLayerCount` are the trunk, the rest the head (arXiv 2510.11958).
public final class Model: Sendable {
    /// Sizes, RoPE and the trunk/head split.
    public let configuration: ModelConfiguration
    /// [vocabulary, hidden]
    package let embedding: Matrix
    package let layers: [LayerWeights]
    /// [hidden]
    package let finalNorm: Vector
    /// `lm_head`: [vocabulary, hidden]; the embedding itself where the checkpoint ties them.
    package let vocabularyHead: Linear
    /// RoPE frequencies, [headWidth / 2].
    package let inverseFrequencies: [Float]

    /// The trunk: run once a cycle.
    package var trunk: ArraySlice<LayerWeights> { layers[..<configuration.trunkLayerCount] }
    /// The decoding head's layers: run once a token.
    package var head: ArraySlice<LayerWeights> { layers[configuration.trunkLayerCount...] }

    package init(
        configuration: ModelConfiguration, embedding: Matrix, layers: [LayerWeights], finalNorm: Vector,
        vocabularyHead: Linear, inverseFrequencies: [Float]
    ) {
        self.configuration = configuration
        self.embedding = embedding
        self.layers = layers
        self.finalNorm = finalNorm
        self.vocabularyHead = vocabularyHead
        self.inverseFrequencies = inverseFrequencies
    }
}
