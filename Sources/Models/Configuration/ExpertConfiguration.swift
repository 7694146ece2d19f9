import JSON
import Weights

/// The experts of a sparse model (Qwen3-MoE): how many there are, how many run for a token, and in which layers.
public struct ExpertConfiguration: Sendable, Equatable {
    /// Experts of a sparse layer (`num_experts`).
    public let count: Int
    /// Experts that a token runs (`num_experts_per_tok`).
    public let chosenCount: Int
    /// Width of one expert, between gate/up and down (`moe_intermediate_size`).
    public let width: Int
    /// Whether the chosen experts' probabilities are divided by their sum (`norm_topk_prob`).
    public let renormalizes: Bool
    /// Whether each layer is sparse; the others have a dense feed-forward network.
    private let isSparse: [Bool]

    /// The fields that only a sparse model may have.
    static let fields: Set<String> = [
        "num_experts", "num_experts_per_tok", "moe_intermediate_size", "norm_topk_prob", "decoder_sparse_step",
        "mlp_only_layers",
    ]
    /// The model type of Qwen3's sparse models.
    static let modelType = "qwen3_moe"

    /// Whether the layer at `index` is sparse.
    public func isSparse(_ index: Int) -> Bool { isSparse[index] }

    /// The number of sparse layers.
    public var layerCount: Int { isSparse.count { $0 } }
}

extension ExpertConfiguration {
    /// Nil for other model types. Missing fields have the defaults of transformers' Qwen3MoeConfig.
    init?(
        _ fields: ConfigurationReader, modelType: String, layerCount: Int, hiddenSize: Int
    ) throws(ConfigurationError) {
        guard modelType == Self.modelType else { return nil }
        count = try fields.requiredCount("num_experts", in: 1...65536)
        chosenCount = try fields.count("num_experts_per_tok") ?? 8
        width = try fields.count("moe_intermediate_size") ?? 768
        renormalizes = try fields.truth("norm_topk_prob") ?? false
        guard chosenCount <= count else {
            throw .inconsistent(problem: "num_experts_per_tok \(chosenCount) is more than num_experts \(count)")
        }
        guard width * hiddenSize <= ModelConfiguration.matrixLimit else {
            throw .inconsistent(
                problem: "moe_intermediate_size \(width) times hidden_size \(hiddenSize) is more than 2^40 values")
        }
        let step = try fields.count("decoder_sparse_step") ?? 1
        let dense = try Self.denseLayers(fields, layerCount: layerCount)
        isSparse = (0..<layerCount).map { ($0 + 1).isMultiple(of: step) && !dense.contains($0) }
        guard isSparse.contains(true) else {
            throw .inconsistent(
                problem: "decoder_sparse_step \(step) and mlp_only_layers leave no sparse layer of \(layerCount)")
        }
    }

    private static func denseLayers(
        _ fields: ConfigurationReader, layerCount: Int
    ) throws(ConfigurationError) -> Set<Int> {
        guard let value = fields.value("mlp_only_layers") else { return [] }
        let layers = (value.arrayValue ?? []).compactMap(\.intValue).filter { (0..<layerCount).contains($0) }
        guard let elements = value.arrayValue, layers.count == elements.count else {
            throw fields.invalid("mlp_only_layers", value, "a list of layer numbers from 0 to \(layerCount - 1)")
        }
        return Set(layers)
    }
}
