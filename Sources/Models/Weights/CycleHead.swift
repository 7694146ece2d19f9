import JSON
import Tensors
import Weights

/// A head of its own for the head-only places of cycles: copies of the last layers and the final norm, fine-tuned for the embedding
/// alone. The model's own head still reads every token that is fed T, so that vanilla decoding stays what it was.
///
/// It attends to the keys and values of the model's own head before the running cycle (`dmtd_head_history: refreshed`).
package final class CycleHead: Sendable {
    /// The last part of the add-on's path.
    package let name: String
    /// One for each layer of the model's own head.
    package let layers: [LayerWeights]
    /// [hidden]
    package let finalNorm: Vector
    /// The largest factor that the add-on was trained for; nil if it does not say.
    package let trainedFactor: Int?

    package init(name: String, layers: [LayerWeights], finalNorm: Vector, trainedFactor: Int?) {
        (self.name, self.layers, self.finalNorm, self.trainedFactor) = (name, layers, finalNorm, trainedFactor)
    }

    /// Bytes of the layers' weights.
    package var byteCount: Int { layers.reduce(0) { $0 + $1.byteCount } }

    /// Whether a checkpoint is an add-on rather than a model.
    static func isOne(_ checkpoint: Checkpoint) -> Bool { checkpoint.configuration[baseField] != nil }

    /// The field of an add-on that describes the model that it was made for.
    static let baseField = "head_of"

    /// The number of layers that an add-on replaces.
    ///
    /// - Throws: `ConfigurationError` if the add-on does not say.
    package static func layerCount(_ checkpoint: Checkpoint) throws(ConfigurationError) -> Int {
        try ConfigurationReader(checkpoint.configuration).requiredCount("num_decoding_layers", in: 1...4096)
    }

    /// Loads the add-on of `stack`'s model.
    ///
    /// - Throws: `CheckpointError` if a tensor is missing or of another shape; `CycleHeadError` if the add-on was made for another
    ///   model; `ConfigurationError`.
    package convenience init(_ checkpoint: Checkpoint, for stack: LayerStack) throws {
        let fields = try ConfigurationReader(checkpoint.configuration)
        let configuration = stack.configuration
        let name = checkpoint.path.split(separator: "/").last.map(String.init) ?? checkpoint.path
        let count = try Self.layerCount(checkpoint)
        guard count == configuration.headLayerCount else {
            throw CycleHeadError.layerCount(head: name, count: count, model: configuration.headLayerCount)
        }
        let base = checkpoint.configuration[Self.baseField]
        if let norms = base?["norms"]?.arrayValue?.compactMap(\.doubleValue) {
            try Self.check(
                norms, of: name, against: stack, madeOf: base?["name"]?.stringValue)
        }
        let reader = TensorReader(checkpoint, progress: LoadingProgress())
        let layers = try (configuration.trunkLayerCount..<configuration.layerCount).map { index in
            try reader.layer(index, configuration, prefix: "head.model")
        }
        let norm = try reader.vector("head.model.norm", count: configuration.hiddenSize)
        try reader.unread.refuse(checkpoint, modelType: "head")
        self.init(name: name, layers: layers, finalNorm: norm, trainedFactor: try fields.count("mtp_horizon"))
    }

    /// Compares the means of the base model's norms, which every format keeps, with those that the add-on recorded.
    private static func check(
        _ norms: [Double], of name: String, against stack: LayerStack, madeOf base: String?
    ) throws(CycleHeadError) {
        let own = stack.normMeans
        let isSame = own.count == norms.count && zip(own, norms).allSatisfy { abs($0 - $1) <= 1e-5 * max(1, abs($1)) }
        guard isSame else { throw .otherModel(head: name, base: base) }
    }
}

extension LayerStack {
    /// The mean of each layer's two norms and of the final norm: a model's identity that does not depend on its weights' format.
    package var normMeans: [Double] {
        (layers.flatMap { [$0.attentionNorm, $0.feedForwardNorm] } + [finalNorm]).map { norm in
            UnsafeBufferPointer(start: norm.pointer, count: norm.count).reduce(0) { $0 + Double($1) }
                / Double(norm.count)
        }
    }
}
