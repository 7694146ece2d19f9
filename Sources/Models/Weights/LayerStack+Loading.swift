import Tensors
import Weights

extension LayerStack {
    /// Loads a checkpoint's weights in their stored formats. Norms are copied, and quantised weights packed for the kernels.
    ///
    /// - Parameters:
    ///   - headLayers: the number of head layers; nil for the checkpoint's own.
    ///   - vocabularyFormat: the format that `lm_head` is converted to; the embedding keeps its own.
    ///   - screens: whether greedy decoding uses a smaller copy of `lm_head` to find the largest logit.
    ///   - ignoresUnusedTensors: whether to ignore tensors that the model does not use, rather than refuse them.
    ///   - progress: counts the bytes, and can cancel between two layers.
    /// - Throws: `ConfigurationError` if the configuration is not supported; `CheckpointError` if a tensor is missing, unused,
    ///   of the wrong shape, or cannot be converted.
    package convenience init(
        checkpoint: Checkpoint, headLayers: Int? = nil, vocabularyFormat: StorageFormat? = nil,
        screens: Bool = false, ignoresUnusedTensors: Bool = false, progress: LoadingProgress = LoadingProgress()
    ) throws {
        let reader = TensorReader(checkpoint, progress: progress)
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
        try progress.report()
        let layers = try (0..<configuration.layerCount).map { index in
            let layer = try reader.layer(index, configuration)
            try progress.report()
            return layer
        }
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
    /// The screen of an `lm_head`.
    ///
    /// - Throws: `ConfigurationError.noScreen` if its format and width allow none.
    package static func ofVocabulary(_ head: Matrix) throws(ConfigurationError) -> RowScreen {
        guard let screen = RowScreen(of: head) else {
            throw .noScreen(format: head.format, columns: head.columns)
        }
        return screen
    }
}
