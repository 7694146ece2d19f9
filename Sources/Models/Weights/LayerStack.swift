import Tensors
import Weights

/// A Qwen3-style layer stack: immutable weights, shared by every session.
///
/// Layers `0 ..< trunkLayerCount` are the trunk, the rest the head (arXiv 2510.11958).
package final class LayerStack: Sendable {
    /// Sizes, RoPE and the trunk/head split.
    package let configuration: ModelConfiguration
    /// [vocabulary, hidden]; nil where it is `vocabularyHead` itself.
    package let embedding: Matrix?
    package let layers: [LayerWeights]
    /// [hidden]
    package let finalNorm: Vector
    /// `lm_head`: [vocabulary, hidden].
    package let vocabularyHead: Linear
    /// Finds `lm_head`'s largest logit by fewer bytes; nil where nobody asked for it.
    package let vocabularyScreen: RowScreen?
    /// RoPE frequencies, [headWidth / 2].
    package let inverseFrequencies: [Float]

    /// The trunk: run once a cycle.
    package var trunk: ArraySlice<LayerWeights> { layers[..<configuration.trunkLayerCount] }
    /// The decoding head's layers: run once a token.
    package var head: ArraySlice<LayerWeights> { layers[configuration.trunkLayerCount...] }

    /// - Parameter embedding: nil where the checkpoint ties it to `vocabularyHead`.
    package init(
        configuration: ModelConfiguration, embedding: Matrix?, layers: [LayerWeights], finalNorm: Vector,
        vocabularyHead: Linear, vocabularyScreen: RowScreen? = nil, inverseFrequencies: [Float]
    ) {
        self.configuration = configuration
        self.embedding = embedding
        self.layers = layers
        self.finalNorm = finalNorm
        self.vocabularyHead = vocabularyHead
        self.vocabularyScreen = vocabularyScreen
        self.inverseFrequencies = inverseFrequencies
    }

    /// The same weights, cut into trunk and head after the first `trunkLayerCount` layers.
    package func split(after trunkLayerCount: Int) -> LayerStack {
        replacing(layers: layers, configuration.split(after: trunkLayerCount))
    }

    /// The same model with other layers, as many.
    package func replacing(layers: [LayerWeights], _ configuration: ModelConfiguration? = nil) -> LayerStack {
        precondition(layers.count == self.layers.count)
        return LayerStack(
            configuration: configuration ?? self.configuration, embedding: embedding, layers: layers,
            finalNorm: finalNorm, vocabularyHead: vocabularyHead, vocabularyScreen: vocabularyScreen,
            inverseFrequencies: inverseFrequencies)
    }

    /// Whether what one has computed is of use to the other: the same layers, cut into trunk and head at the same place.
    package func runsAlike(_ other: LayerStack) -> Bool {
        configuration.trunkLayerCount == other.configuration.trunkLayerCount
            && layers.elementsEqual(other.layers, by: ===)
    }

    /// Bytes of `lm_head` that finding a next token reads: its screen's where there is one.
    package var vocabularyByteCount: Int { vocabularyScreen?.byteCount ?? vocabularyHead.byteCount }

    /// The embedding of `token`: [hidden].
    package func embed(_ token: Int, into output: UnsafeMutablePointer<Float>) {
        if let embedding { embedding.copyRow(token, to: output) } else { vocabularyHead.copyRow(token, to: output) }
    }

    /// The formats of the matrices that a pass reads, each once, in the order of first use.
    package var formats: [StorageFormat] {
        var formats: [StorageFormat] = []
        let adapters = layers.compactMap { $0.routing?.adapter }.flatMap(\.matrices)
        let matrices = layers.flatMap(\.matrices) + adapters + [vocabularyHead]
        for format in matrices.flatMap(\.formats) where !formats.contains(format) { formats.append(format) }
        return formats
    }
}
