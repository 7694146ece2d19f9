import JSON
import Models
import Tensors
import TestSupport
import Weights

/// Makes random models of any shape and format.
struct SyntheticModel {
    var layers = 11
    var headLayers = 8
    var hidden = 64
    var heads = 4
    var keyValueHeads = 2
    var headWidth = 16
    var feedForward = 96
    var vocabulary = 160
    var contextLength = 4096
    var format = StorageFormat.f32
    var isQwen = true
    /// Whether to decode the values of `format` to float32.
    var isDecoded = false
    var seed: UInt64 = 1
    /// Layers with a router and an adapter.
    var routed: [Int] = []
    var order = Router.Order.normThenTanh
    var method = RoutingMethod.flexiDepth
    /// Added to routers' outputs before the sigmoid. An infinite offset forces gates to 0 or 1.
    var routerOffset: Float = 0
    /// Experts of every second layer, of which a token runs 2; 0 for a dense model.
    var experts = 0
    /// Whether `lm_head` is screened.
    var screens = false

    /// A model whose widths are whole blocks of `format`.
    static func holding(_ format: StorageFormat) -> SyntheticModel {
        guard format.valuesPerBlock > 32 else { return SyntheticModel(format: format) }
        return SyntheticModel(hidden: 256, headWidth: 64, feedForward: 256, format: format)
    }

    func build() throws -> LayerStack {
        var generator = SeededGenerator(seed: seed)
        let configuration = try ModelConfiguration(json())
        func matrix(_ rows: Int, _ columns: Int) -> Matrix {
            let matrix = randomMatrix(rows: rows, columns: columns, format: format, using: &generator)
            return isDecoded ? decoded(matrix) : matrix
        }
        func norm(_ count: Int) -> Vector {
            let vector = Vector(count: count)
            for index in 0..<count { vector.pointer[index] = Float.random(in: 0.5...1.5, using: &generator) }
            return vector
        }
        func routing() -> RoutingWeights {
            let (code, adapter) = (hidden / 4, feedForward / 3)
            func gate(_ width: Int) -> Gate {
                Gate(
                    row: Linear([randomMatrix(rows: 1, columns: width, format: .f32, using: &generator)]),
                    offset: routerOffset)
            }
            switch method {
            case .flexiDepth:
                return .flexiDepth(
                    Router(
                        encoder: Linear([matrix(code, hidden)]), norm: norm(code), order: order, gate: gate(code)),
                    adapter: .dense(
                        gateUp: Linear([matrix(adapter, hidden), matrix(adapter, hidden)]),
                        down: Linear([matrix(hidden, adapter)])))
            case .mindSkip: return .mindSkip(attention: gate(hidden), feedForward: gate(hidden))
            case .mixtureOfDepths: return .mixtureOfDepths(gate(hidden))
            }
        }
        func network() -> (gateUp: Linear, down: Linear) {
            (
                Linear([matrix(feedForward, hidden), matrix(feedForward, hidden)]),
                Linear([matrix(hidden, feedForward)])
            )
        }
        func dense() -> FeedForward {
            let (gateUp, down) = network()
            return .dense(gateUp: gateUp, down: down)
        }
        func sparse() -> Experts {
            let router = randomMatrix(rows: experts, columns: hidden, format: .f32, using: &generator)
            let all = (0..<experts).map { _ in
                let (gateUp, down) = network()
                return Experts.Expert(gateUp: gateUp, down: down)
            }
            return Experts(router: Linear([router]), all: all, chosenCount: 2, renormalizes: true)
        }
        let embedding = matrix(vocabulary, hidden)
        let stack = (0..<layers).map { index in
            LayerWeights(
                attentionNorm: norm(hidden),
                queryKeyValue: Linear([
                    matrix(heads * headWidth, hidden), matrix(keyValueHeads * headWidth, hidden),
                    matrix(keyValueHeads * headWidth, hidden),
                ]),
                queryNorm: isQwen ? norm(headWidth) : nil, keyNorm: isQwen ? norm(headWidth) : nil,
                attentionOutput: Linear([matrix(hidden, heads * headWidth)]), feedForwardNorm: norm(hidden),
                feedForward: experts > 0 && index % 2 == 1 ? .experts(sparse()) : dense(),
                routing: routed.contains(index) ? routing() : nil)
        }
        let (finalNorm, vocabularyHead) = (norm(hidden), matrix(vocabulary, hidden))
        return LayerStack(
            configuration: configuration, embedding: embedding, layers: stack, finalNorm: finalNorm,
            vocabularyHead: Linear([vocabularyHead]),
            vocabularyScreen: screens ? try .ofVocabulary(vocabularyHead) : nil,
            inverseFrequencies: configuration.rope.inverseFrequencies())
    }

    private func json() -> JSONValue {
        var fields: JSONObject = [
            "model_type": isQwen ? "qwen3" : "llama", "num_hidden_layers": .int(layers),
            "num_decoding_layers": .int(headLayers), "num_thinking_layers": .int(layers - headLayers),
            "hidden_size": .int(hidden), "num_attention_heads": .int(heads),
            "num_key_value_heads": .int(keyValueHeads), "head_dim": .int(headWidth),
            "intermediate_size": .int(feedForward), "vocab_size": .int(vocabulary),
            "max_position_embeddings": .int(contextLength), "rms_norm_eps": .double(1e-6),
            "rope_theta": .int(10000), "tie_word_embeddings": .bool(false), "hidden_act": "silu",
            "dmtd_prompt_input": "trunk", "mtp_horizon": .int(4),
        ]
        if experts > 0 {
            fields["model_type"] = "qwen3_moe"
            fields["num_experts"] = .int(experts)
            fields["num_experts_per_tok"] = .int(2)
            fields["moe_intermediate_size"] = .int(feedForward)
            fields["norm_topk_prob"] = .bool(true)
            fields["decoder_sparse_step"] = .int(2)
        }
        if !routed.isEmpty {
            fields["routing_layers"] = .array(routed.map { .int($0) })
            fields["routing_method"] = .string(method.rawValue)
        }
        return .object(fields)
    }
}
