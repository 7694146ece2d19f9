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
        let name = Self.name(of: checkpoint)
        let count = try Self.layerCount(checkpoint)
        guard count == configuration.headLayerCount else {
            throw CycleHeadError.layerCount(head: name, count: count, model: configuration.headLayerCount)
        }
        try Self.check(checkpoint, madeOf: stack.normMeans)
        let reader = TensorReader(checkpoint, progress: LoadingProgress())
        let layers = try (configuration.trunkLayerCount..<configuration.layerCount).map { index in
            try reader.layer(index, configuration, prefix: "head.model")
        }
        let norm = try reader.vector("head.model.norm", count: configuration.hiddenSize)
        try reader.unread.refuse(checkpoint, modelType: "head")
        self.init(name: name, layers: layers, finalNorm: norm, trainedFactor: try fields.count("mtp_horizon"))
    }

    /// Checks that `head` was made for `model`, without reading matrices.
    ///
    /// - Throws: `CycleHeadError`, `CheckpointError`, `ConfigurationError`.
    package static func check(_ head: Checkpoint, isOf model: Checkpoint) throws {
        try check(head.only(.head), madeOf: model.only(.model).normMeans())
    }

    /// Compares the means of the model's norms, which every format keeps, with those that the add-on recorded.
    private static func check(_ head: Checkpoint, madeOf own: [Double]) throws(CycleHeadError) {
        let base = head.configuration[Checkpoint.headBaseField]
        guard let norms = base?["norms"]?.arrayValue?.compactMap(\.doubleValue) else { return }
        let isSame = own.count == norms.count && zip(own, norms).allSatisfy { abs($0 - $1) <= 1e-5 * max(1, abs($1)) }
        guard isSame else { throw .otherModel(head: name(of: head), base: base?["name"]?.stringValue) }
    }

    private static func name(of checkpoint: Checkpoint) -> String {
        checkpoint.path.split(separator: "/").last.map(String.init) ?? checkpoint.path
    }
}

extension LayerStack {
    /// The same model, split where the head for cycles in `checkpoint` begins, with this head.
    ///
    /// - Throws: `CheckpointError` if there is none; the errors of `CycleHead`.
    package func with(headIn checkpoint: Checkpoint) throws -> LayerStack {
        let head = try checkpoint.only(.head)
        let own = configuration.layerCount - (try CycleHead.layerCount(head))
        let stack = (1..<configuration.layerCount).contains(own) ? split(after: own) : self
        return stack.with(try CycleHead(head, for: stack))
    }

    /// The mean of each layer's two norms and of the final norm: a model's identity that does not depend on its weights' format.
    package var normMeans: [Double] {
        (layers.flatMap { [$0.attentionNorm, $0.feedForwardNorm] } + [finalNorm]).map(\.mean)
    }
}

extension Checkpoint {
    /// The same as a loaded model's `normMeans`.
    fileprivate func normMeans() throws -> [Double] {
        let shape = try ModelConfiguration(configuration)
        let reader = TensorReader(self, progress: LoadingProgress())
        let names = (0..<shape.layerCount).flatMap { layer in
            ["input_layernorm", "post_attention_layernorm"].map { "model.layers.\(layer).\($0)" }
        }
        return try (names + ["model.norm"]).map { try reader.vector($0, count: shape.hiddenSize).mean }
    }
}

extension Vector {
    fileprivate var mean: Double {
        UnsafeBufferPointer(start: pointer, count: count).reduce(0) { $0 + Double($1) } / Double(count)
    }
}
