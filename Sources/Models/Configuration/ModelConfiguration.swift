import JSON

/// The shape of a model and the way it was trained: everything but its weights.
///
/// Made from a checkpoint's configuration only, and checked while it is made: every later size is a product of these.
public struct ModelConfiguration: Sendable, Equatable {
    /// The layer's form.
    public let architecture: Architecture
    /// `model_type` as the checkpoint has it: `qwen3`, `dmtdqwen3`, `mtpqwen3`, `llama`, `ddllama`, `ddqwen3`.
    public let modelType: String
    /// Trunk and head together.
    public let layerCount: Int
    /// Width of the residual stream.
    public let hiddenSize: Int
    /// Query heads.
    public let headCount: Int
    /// Key and value heads; divides `headCount`.
    public let keyValueHeadCount: Int
    /// Width of one head; even.
    public let headWidth: Int
    /// Width between gate/up and down.
    public let feedForwardSize: Int
    /// Rows of the embedding and of `lm_head`.
    public let vocabularySize: Int
    /// Positions, prompt and answer together.
    public let contextLength: Int
    /// Added to the mean square in every norm.
    public let normEpsilon: Float
    /// Rotary position embedding.
    public let rope: RopeConfiguration
    /// Whether `lm_head` is the embedding matrix.
    public private(set) var tiesEmbeddings: Bool
    /// `bos_token_id`; may be outside the vocabulary, where a configuration kept a larger model's.
    public let beginToken: Int?
    /// Tokens that end an answer; may be empty.
    public let endTokens: [Int]
    /// Layers that run for every token: the last ones.
    public private(set) var headLayerCount: Int
    /// Layers that run once a cycle: the first ones. 0 where the model is too shallow to split.
    public private(set) var trunkLayerCount: Int
    /// The factor the checkpoint was trained for (`mtp_horizon`); nil where it was trained for none.
    public let trainedFactor: Int?
    /// The function of its family that the checkpoint was trained for, and what says so.
    public let checkpointRule: CheckpointRule
    /// Which layers a token may skip; nil where it runs all.
    public let routing: RoutingConfiguration?

    /// The layer forms that are implemented.
    public enum Architecture: String, Sendable, Equatable {
        /// Root-mean-square norm on each head's q and k.
        case qwen3
        /// Without it.
        case llama
    }

    /// Reads and checks a configuration in Hugging Face's terms.
    /// - Parameters:
    ///   - configuration: an object such as `Checkpoint.configuration`.
    ///   - headLayers: replaces the checkpoint's split; 1 up to one less than the layers.
    /// - Throws: `ConfigurationError` naming the first field that is missing, impossible or not implemented.
    package init(_ configuration: JSONValue, headLayers: Int? = nil) throws(ConfigurationError) {
        let fields = try ConfigurationReader(configuration)
        (architecture, modelType) = try Self.architecture(fields)
        try fields.refuseUnimplemented(architecture)

        hiddenSize = try fields.requiredCount("hidden_size")
        headCount = try fields.requiredCount("num_attention_heads")
        keyValueHeadCount = try fields.count("num_key_value_heads") ?? headCount
        headWidth = try Self.headWidth(fields, architecture, hiddenSize: hiddenSize, headCount: headCount)
        feedForwardSize = try fields.requiredCount("intermediate_size")
        vocabularySize = try fields.requiredCount("vocab_size")
        normEpsilon = Float(try fields.positiveNumber("rms_norm_eps") ?? 1e-6)
        rope = try RopeConfiguration(fields, headWidth: headWidth)
        let trainedLength = try fields.count("max_position_embeddings") ?? architecture.defaultContextLength
        contextLength = max(trainedLength, rope.contextLength ?? 0)
        tiesEmbeddings = try fields.truth("tie_word_embeddings") ?? false
        beginToken = try fields.tokens("bos_token_id").first
        endTokens = try fields.tokens("eos_token_id")

        layerCount = try fields.requiredCount("num_hidden_layers", in: 1...Self.layerLimit)
        let split = try LayerSplit(fields, layerCount: layerCount, headLayers: headLayers)
        (trunkLayerCount, headLayerCount) = (split.trunk, split.head)
        trainedFactor = try fields.count("mtp_horizon")
        checkpointRule = try CheckpointRule(fields, modelType: modelType)
        routing = try RoutingConfiguration(
            fields, layerCount: layerCount, hiddenSize: hiddenSize, feedForwardSize: feedForwardSize,
            isRequired: Self.routedTypes.contains(modelType))
        try checkSizes()
    }

    /// The function of its family that the checkpoint was trained for.
    public var rule: CycleRule { checkpointRule.rule }

    /// Whether the head was trained on T alone, as `off` feeds it.
    public var wasFedTrunkAlone: Bool { rule.promptInput == .trunk }

    /// Whether there is a trunk to run once a cycle; without one, only vanilla decoding is possible.
    public var canRunCycles: Bool { trunkLayerCount > 0 }

    /// - Throws: `ConfigurationError.noTrunk` where `canRunCycles` is false.
    package func checkSplit() throws(ConfigurationError) {
        guard canRunCycles else { throw .noTrunk(layerCount: layerCount) }
    }

    /// FlexiDepth's name for a Llama with routed layers.
    static let routedLlama = "ddllama"
    /// Model types that always have routed layers; the others may.
    private static let routedTypes = [routedLlama, "ddqwen3"]

    /// The same model cut after its first `trunkLayerCount` layers.
    func split(after trunkLayerCount: Int) -> ModelConfiguration {
        precondition((1..<layerCount).contains(trunkLayerCount))
        var configuration = self
        (configuration.trunkLayerCount, configuration.headLayerCount) = (trunkLayerCount, layerCount - trunkLayerCount)
        return configuration
    }

    /// The same model with an `lm_head` of its own.
    func untied() -> ModelConfiguration {
        var configuration = self
        configuration.tiesEmbeddings = false
        return configuration
    }

    /// Far above any model; keeps a lying file from making a layer list without end.
    private static let layerLimit = 4096
    /// Values of the largest matrix a configuration may ask for.
    private static let matrixLimit = 1 << 40
}

// MARK: - Reading

extension ModelConfiguration {
    private static func architecture(
        _ fields: ConfigurationReader
    ) throws(ConfigurationError) -> (Architecture, modelType: String) {
        guard let modelType = try fields.text("model_type") else { throw .missing(field: "model_type") }
        switch modelType {
        case "qwen3", "dmtdqwen3", "mtpqwen3", "ddqwen3": return (.qwen3, modelType)
        case "llama", routedLlama: return (.llama, modelType)
        default:
            throw fields.unsupported(
                "model_type", "use a checkpoint of type qwen3, dmtdqwen3, mtpqwen3, ddqwen3, llama or ddllama")
        }
    }

    private static func headWidth(
        _ fields: ConfigurationReader, _ architecture: Architecture, hiddenSize: Int, headCount: Int
    ) throws(ConfigurationError) -> Int {
        if let width = try fields.count("head_dim", in: 2...65536) { return width }
        // The default of transformers' Qwen3Config; Llama's is what divides the hidden size.
        if architecture == .qwen3 { return 128 }
        guard hiddenSize.isMultiple(of: headCount) else {
            throw .inconsistent(
                problem: "hidden_size \(hiddenSize) is not a multiple of num_attention_heads \(headCount), "
                    + "and there is no head_dim")
        }
        return hiddenSize / headCount
    }

    /// Checks what no field shows alone.
    private func checkSizes() throws(ConfigurationError) {
        guard headCount.isMultiple(of: keyValueHeadCount) else {
            throw .inconsistent(
                problem:
                    "num_attention_heads \(headCount) is not a multiple of num_key_value_heads \(keyValueHeadCount)")
        }
        guard headWidth >= 2, headWidth.isMultiple(of: 2) else {
            throw .invalid(field: "head_dim", found: "\(headWidth)", expected: "an even number of at least 2")
        }
        // Each factor is below 2^31, so these products fit.
        let queryWidth = headCount * headWidth
        guard queryWidth < ConfigurationReader.countLimit else {
            throw .inconsistent(
                problem: "num_attention_heads \(headCount) times head_dim \(headWidth) is 2^31 or more")
        }
        for (name, rows) in [
            ("vocab_size", vocabularySize), ("intermediate_size", feedForwardSize),
            ("num_attention_heads times head_dim", queryWidth),
        ] where rows * hiddenSize > Self.matrixLimit {
            throw .inconsistent(problem: "\(name) \(rows) times hidden_size \(hiddenSize) is more than 2^40 values")
        }
    }
}

extension ModelConfiguration.Architecture {
    /// What transformers' configuration classes assume where `max_position_embeddings` is missing.
    var defaultContextLength: Int {
        switch self {
        case .qwen3: 32768
        case .llama: 2048
        }
    }
}
