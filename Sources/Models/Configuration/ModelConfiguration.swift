import JSON

/// The shape of a model and the rule that it was trained for: everything but its weights.
///
/// The initialiser checks all values, because every later size is a product of them.
public struct ModelConfiguration: Sendable, Equatable {
    /// The kind of decoder layer.
    public let architecture: Architecture
    /// The checkpoint's `model_type`: `qwen3`, `dmtdqwen3`, `mtpqwen3`, `llama`, `ddllama`, `ddqwen3`, `qwen3_moe`.
    public let modelType: String
    /// Trunk and head together.
    public let layerCount: Int
    /// Width of the residual stream.
    public let hiddenSize: Int
    /// Query heads.
    public let headCount: Int
    /// KV heads; divides `headCount`.
    public let keyValueHeadCount: Int
    /// Width of one attention head; even.
    public let headWidth: Int
    /// Width of a dense feed-forward network, between gate/up and down.
    public let feedForwardSize: Int
    /// Rows of the embedding and of `lm_head`.
    public let vocabularySize: Int
    /// Maximum number of positions, prompt and answer together.
    public let contextLength: Int
    /// Added to the mean square in every norm.
    public let normEpsilon: Float
    /// Rotary position embedding.
    public let rope: RopeConfiguration
    /// Whether `lm_head` is the embedding matrix.
    public private(set) var tiesEmbeddings: Bool
    /// `bos_token_id`; may lie outside the vocabulary if the configuration kept a larger model's.
    public let beginToken: Int?
    /// Tokens that end an answer; may be empty.
    public let endTokens: [Int]
    /// The last layers, which run for every token.
    public private(set) var headLayerCount: Int
    /// The first layers, which run once a cycle. 0 if the model is too shallow to split.
    public private(set) var trunkLayerCount: Int
    /// The factor that the checkpoint was trained for (`mtp_horizon`); nil if none.
    public private(set) var trainedFactor: Int?
    /// The cycle rule that the checkpoint was trained for, and where each choice comes from.
    public private(set) var checkpointRule: CheckpointRule
    /// Whether a head of its own runs the head-only places of cycles.
    public private(set) var hasCycleHead = false
    /// The layers that a token may skip; nil if every token runs all layers.
    public let routing: RoutingConfiguration?
    /// The experts of a sparse model; nil for a dense one.
    public let experts: ExpertConfiguration?

    /// The kinds of decoder layer that are implemented.
    public enum Architecture: String, Sendable, Equatable {
        /// With RMSNorm on each attention head's q and k.
        case qwen3
        /// Without a norm on q and k.
        case llama
    }

    /// Reads and checks a configuration in Hugging Face's terms.
    /// - Parameters:
    ///   - configuration: an object such as `Checkpoint.configuration`.
    ///   - headLayers: replaces the checkpoint's split; from 1 to `layerCount` − 1.
    /// - Throws: `ConfigurationError` naming the first field that is missing, invalid or not implemented.
    package init(_ configuration: JSONValue, headLayers: Int? = nil) throws(ConfigurationError) {
        let fields = try ConfigurationReader(configuration)
        (architecture, modelType) = try Self.architecture(fields)
        try fields.refuseUnimplemented(architecture, modelType: modelType)

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
        experts = try ExpertConfiguration(
            fields, modelType: modelType, layerCount: layerCount, hiddenSize: hiddenSize)
        if experts != nil, routing != nil {
            throw fields.unsupported("routing_layers", "use a dense checkpoint with routers, or a sparse one without")
        }
        try checkSizes()
    }

    /// Width of the widest feed-forward network that a pass runs.
    var widestFeedForward: Int {
        guard let experts else { return feedForwardSize }
        return max(experts.width, experts.layerCount < layerCount ? feedForwardSize : 0)
    }

    /// The cycle rule that the checkpoint was trained for.
    public var rule: CycleRule { checkpointRule.rule }

    /// Whether the head was trained on T alone, as vanilla decoding feeds it.
    public var wasFedTrunkAlone: Bool { rule.promptInput == .trunk }

    /// Whether there is a trunk to run once a cycle; without one, only vanilla decoding is possible.
    public var canRunCycles: Bool { trunkLayerCount > 0 }

    /// - Throws: `ConfigurationError.noTrunk` if `canRunCycles` is false.
    package func checkSplit() throws(ConfigurationError) {
        guard canRunCycles else { throw .noTrunk(layerCount: layerCount) }
    }

    /// FlexiDepth's name for a Llama with routed layers.
    static let routedLlama = "ddllama"
    /// Model types that must have routed layers; other types may have them.
    private static let routedTypes = [routedLlama, "ddqwen3"]

    /// The same model cut after its first `trunkLayerCount` layers.
    func split(after trunkLayerCount: Int) -> ModelConfiguration {
        precondition((1..<layerCount).contains(trunkLayerCount))
        var configuration = self
        (configuration.trunkLayerCount, configuration.headLayerCount) = (trunkLayerCount, layerCount - trunkLayerCount)
        return configuration
    }

    /// The same model with a head of its own for the head-only places of cycles.
    package func with(headTrainedFor factor: Int?) -> ModelConfiguration {
        var configuration = self
        (configuration.trainedFactor, configuration.hasCycleHead) = (factor, true)
        configuration.checkpointRule = .ofCycleHead
        return configuration
    }

    /// The same model with an `lm_head` of its own.
    func untied() -> ModelConfiguration {
        var configuration = self
        configuration.tiesEmbeddings = false
        return configuration
    }

    /// Far above any model: bounds what a damaged file can make us allocate.
    private static let layerLimit = 4096
    /// Maximum number of values in a matrix.
    static let matrixLimit = 1 << 40
}
