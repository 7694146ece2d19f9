import Synchronization
import Tensors
import Weights

/// The layers of a decoder model: immutable weights, shared by every session.
///
/// Layers `0 ..< trunkLayerCount` are the trunk, the rest the head (arXiv 2510.11958).
package final class LayerStack: Sendable {
    /// Sizes, RoPE and the trunk/head split.
    package let configuration: ModelConfiguration
    /// [vocabulary, hidden]; nil if it is `vocabularyHead` itself.
    package let embedding: Matrix?
    package let layers: [LayerWeights]
    /// [hidden]
    package let finalNorm: Vector
    /// `lm_head`: [vocabulary, hidden].
    package let vocabularyHead: Linear
    /// A smaller copy of `lm_head` that finds the largest logit while reading fewer bytes; nil unless requested.
    package let vocabularyScreen: RowScreen?
    /// The head of head-only places; nil if the model's own head runs them.
    package let cycleHead: CycleHead?
    /// RoPE frequencies, [headWidth / 2].
    package let inverseFrequencies: [Float]
    private let knownChecksum = Mutex<UInt64?>(nil)

    /// A hash of everything that keys, values and logits depend on, with every byte of the weights. The first call reads them all.
    package func checksum(threadCount: Int) -> UInt64 {
        knownChecksum.withLock { known in
            let checksum = known ?? makeChecksum(threadCount: threadCount)
            known = checksum
            return checksum
        }
    }

    /// The trunk's layers: run once a cycle.
    package var trunk: ArraySlice<LayerWeights> { layers[..<configuration.trunkLayerCount] }
    /// The decoding head's layers: run once a token.
    package var head: ArraySlice<LayerWeights> { layers[configuration.trunkLayerCount...] }

    /// The layers of head-only places: those of `cycleHead`, with the indices of the head's, or the head's own.
    package let cycleLayers: ArraySlice<LayerWeights>
    /// The final norm after `cycleLayers`: [hidden].
    package var cycleNorm: Vector { cycleHead?.finalNorm ?? finalNorm }

    /// - Parameter embedding: nil if the checkpoint ties it to `vocabularyHead`.
    package init(
        configuration: ModelConfiguration, embedding: Matrix?, layers: [LayerWeights], finalNorm: Vector,
        vocabularyHead: Linear, vocabularyScreen: RowScreen? = nil, cycleHead: CycleHead? = nil,
        inverseFrequencies: [Float]
    ) {
        self.configuration = configuration
        self.embedding = embedding
        self.layers = layers
        self.finalNorm = finalNorm
        self.vocabularyHead = vocabularyHead
        self.vocabularyScreen = vocabularyScreen
        self.cycleHead = cycleHead
        let (trunk, trunkCount) = (layers[..<configuration.trunkLayerCount], configuration.trunkLayerCount)
        cycleLayers = (Array(trunk) + (cycleHead?.layers ?? Array(layers[trunkCount...])))[trunkCount...]
        self.inverseFrequencies = inverseFrequencies
    }

    /// The same model with a head of its own for head-only places. Its cycles are then refreshed.
    package func with(_ head: CycleHead) -> LayerStack {
        LayerStack(
            configuration: configuration.with(headTrainedFor: head.trainedFactor), embedding: embedding, layers: layers,
            finalNorm: finalNorm, vocabularyHead: vocabularyHead, vocabularyScreen: vocabularyScreen, cycleHead: head,
            inverseFrequencies: inverseFrequencies)
    }

    /// The same weights, split into trunk and head after the first `trunkLayerCount` layers.
    package func split(after trunkLayerCount: Int) -> LayerStack {
        replacing(layers: layers, configuration.split(after: trunkLayerCount))
    }

    /// The same model with other layers, and without a head of its own for cycles.
    ///
    /// - Precondition: the number of layers stays the same.
    package func replacing(layers: [LayerWeights], _ configuration: ModelConfiguration? = nil) -> LayerStack {
        precondition(layers.count == self.layers.count)
        return LayerStack(
            configuration: configuration ?? self.configuration, embedding: embedding, layers: layers,
            finalNorm: finalNorm, vocabularyHead: vocabularyHead, vocabularyScreen: vocabularyScreen,
            inverseFrequencies: inverseFrequencies)
    }

    /// Whether sequences of one stack can continue on the other: they share their layers and their trunk/head split.
    package func runsAlike(_ other: LayerStack) -> Bool {
        configuration.trunkLayerCount == other.configuration.trunkLayerCount
            && layers.elementsEqual(other.layers, by: ===) && cycleHead === other.cycleHead
    }

    /// Bytes that finding the next token reads of `lm_head`, or of its screen if there is one.
    package var vocabularyByteCount: Int { vocabularyScreen?.byteCount ?? vocabularyHead.byteCount }

    /// The embedding of `token`: [hidden].
    package func embed(_ token: Int, into output: UnsafeMutablePointer<Float>) {
        if let embedding { embedding.copyRow(token, to: output) } else { vocabularyHead.copyRow(token, to: output) }
    }

    /// The distinct formats of the matrices that a pass reads, in the order of first use.
    package var formats: [StorageFormat] {
        var formats: [StorageFormat] = []
        let adapters = layers.compactMap { $0.routing?.adapter }.flatMap(\.matrices)
        let matrices = layers.flatMap(\.matrices) + adapters + [vocabularyHead]
        for format in matrices.flatMap(\.formats) where !formats.contains(format) { formats.append(format) }
        return formats
    }
}
