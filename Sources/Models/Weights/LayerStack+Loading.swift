import Tensors
import Weights

extension LayerStack {
    /// Takes a checkpoint's weights as they are stored; the norms are copied, and quantised weights packed for the kernels.
    ///
    /// - Parameters:
    ///   - headLayers: how many of the last layers are the head, in place of the checkpoint's own number.
    ///   - vocabularyFormat: what `lm_head` is converted to, the embedding staying as it is.
    ///   - screens: whether greedy decoding finds the largest logit by a smaller copy of `lm_head`.
    ///   - ignoresUnusedTensors: whether tensors that the model has no use for are left out; else they are refused.
    /// - Throws: `ConfigurationError` where the configuration is not one we run, `CheckpointError` where a tensor is
    ///   missing, of no use, has another shape than the configuration says, or cannot be converted.
    package convenience init(
        checkpoint: Checkpoint, headLayers: Int? = nil, vocabularyFormat: StorageFormat? = nil,
        screens: Bool = false, ignoresUnusedTensors: Bool = false
    ) throws {
        let reader = TensorReader(checkpoint)
        try reader.refuseDiffSkip()
        var configuration = try ModelConfiguration(checkpoint.configuration, headLayers: headLayers)
        try reader.refusePackedTensors()
        try reader.checkRouters(configuration)
        let vocabulary = configuration.vocabularySize
        let hidden = configuration.hiddenSize
        let embedding = try reader.matrix("model.embed_tokens", rows: vocabulary, columns: hidden)
        let own = try reader.ownVocabularyHead(configuration, embedding: embedding)
        if own != nil { configuration = configuration.untied() }
        let stored = own ?? embedding
        let vocabularyHead = try vocabularyFormat.map { try reader.converted(stored, to: $0) } ?? stored
        let isShared = configuration.tiesEmbeddings && vocabularyFormat == nil
        let layers = try (0..<configuration.layerCount).map { try reader.layer($0, configuration) }
        let finalNorm = try reader.vector("model.norm", count: hidden)
        let factors = try reader.ropeFactors(count: configuration.headWidth / 2)
        if !ignoresUnusedTensors { try reader.unread.refuse(checkpoint, modelType: configuration.modelType) }
        self.init(
            configuration: configuration,
            embedding: isShared ? nil : embedding,
            layers: layers, finalNorm: finalNorm,
            vocabularyHead: Linear([vocabularyHead]),
            vocabularyScreen: screens ? try .ofVocabulary(vocabularyHead) : nil,
            inverseFrequencies: configuration.rope.inverseFrequencies(factors: factors))
    }
}

extension RowScreen {
    /// Of `lm_head`.
    ///
    /// - Throws: `ConfigurationError.noScreen` where there is none for its format and width.
    package static func ofVocabulary(_ head: Matrix) throws(ConfigurationError) -> RowScreen {
        guard let screen = RowScreen(of: head) else {
            throw .noScreen(format: head.format, columns: head.columns)
        }
        return screen
    }
}
