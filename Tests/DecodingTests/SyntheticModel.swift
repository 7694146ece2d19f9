import JSON
import Models
import Tensors
import TestSupport
import Weights

/// Random models of any shape and format.
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
    var seed: UInt64 = 1

    func build() throws -> Model {
        var generator = SeededGenerator(seed: seed)
        let configuration = try ModelConfiguration(json())
        func matrix(_ rows: Int, _ columns: Int) -> Matrix {
            randomMatrix(rows: rows, columns: columns, format: format, using: &generator)
        }
        func norm(_ count: Int) -> Vector {
            let vector = Vector(count: count)
            for index in 0..<count { vector.pointer[index] = Float.random(in: 0.5...1.5, using: &generator) }
            return vector
        }
        let embedding = matrix(vocabulary, hidden)
        let stack = (0..<layers).map { _ in
            LayerWeights(
                attentionNorm: norm(hidden),
                queryKeyValue: Linear([
                    matrix(heads * headWidth, hidden), matrix(keyValueHeads * headWidth, hidden),
                    matrix(keyValueHeads * headWidth, hidden),
                ]),
                queryNorm: isQwen ? norm(headWidth) : nil, keyNorm: isQwen ? norm(headWidth) : nil,
                attentionOutput: Linear([matrix(hidden, heads * headWidth)]), feedForwardNorm: norm(hidden),
                gateUp: Linear([matrix(feedForward, hidden), matrix(feedForward, hidden)]),
                down: Linear([matrix(hidden, feedForward)]))
        }
        return Model(
            configuration: configuration, embedding: embedding, layers: stack, finalNorm: norm(hidden),
            vocabularyHead: Linear([matrix(vocabulary, hidden)]),
            inverseFrequencies: configuration.rope.inverseFrequencies())
    }

    private func json() -> JSONValue {
        .object([
            "model_type": isQwen ? "qwen3" : "llama", "num_hidden_layers": .int(layers),
            "num_decoding_layers": .int(headLayers), "num_thinking_layers": .int(layers - headLayers),
            "hidden_size": .int(hidden), "num_attention_heads": .int(heads),
            "num_key_value_heads": .int(keyValueHeads), "head_dim": .int(headWidth),
            "intermediate_size": .int(feedForward), "vocab_size": .int(vocabulary),
            "max_position_embeddings": .int(contextLength), "rms_norm_eps": .double(1e-6),
            "rope_theta": .int(10000), "tie_word_embeddings": .bool(false), "hidden_act": "silu",
            "dmtd_phase": "prompt", "mtp_horizon": .int(4),
        ])
    }
}

/// Random values of a size that keeps activations near 1, in any storage format.
func randomMatrix(
    rows: Int, columns: Int, format: StorageFormat, using generator: inout SeededGenerator
) -> Matrix {
    let byteCount = rows * (format.rowByteCount(columns: columns) ?? 0)
    let buffer = AlignedBuffer<UInt8>(count: byteCount)
    let spread = Float(1.5) / Float(columns).squareRoot()
    var bytes: [UInt8] = []
    bytes.reserveCapacity(byteCount)
    func append<T: BitwiseCopyable>(_ value: T) { withUnsafeBytes(of: value) { bytes.append(contentsOf: $0) } }
    for _ in 0..<byteCount / format.bytesPerBlock {
        let value = Float.random(in: -spread...spread, using: &generator)
        switch format {
        case .f32: append(value)
        case .bf16: append(UInt16(truncatingIfNeeded: value.bitPattern >> 16))
        case .f16: append(Float16(value))
        case .q8_0:
            append(Float16(spread / 128))
            for _ in 0..<32 { append(UInt8.random(in: .min ... .max, using: &generator)) }
        case .q4_0:
            append(Float16(spread / 8))
            for _ in 0..<16 { append(UInt8.random(in: .min ... .max, using: &generator)) }
        case .q4_1:
            append(Float16(spread / 8))
            append(Float16(-spread))
            for _ in 0..<16 { append(UInt8.random(in: .min ... .max, using: &generator)) }
        }
    }
    buffer.pointer.update(from: bytes, count: byteCount)
    return Matrix(
        rows: rows, columns: columns, format: format, bytes: UnsafeRawPointer(buffer.pointer), owner: buffer)
}
