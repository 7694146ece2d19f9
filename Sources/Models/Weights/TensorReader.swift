import JSON
import Tensors
import Weights

/// Reads tensors by Hugging Face's names and checks each against the shape that the configuration implies.
struct TensorReader {
    let checkpoint: Checkpoint
    let unread: UnreadTensors
    /// Counts the bytes of each tensor that is read.
    let progress: LoadingProgress

    init(_ checkpoint: Checkpoint, progress: LoadingProgress) {
        self.checkpoint = checkpoint
        self.progress = progress
        unread = UnreadTensors(checkpoint)
    }

    /// - Parameter prefix: the part of the tensors' names before `layers`.
    func layer(
        _ index: Int, _ configuration: ModelConfiguration, prefix: String = "model"
    ) throws -> LayerWeights {
        let hidden = configuration.hiddenSize
        let queries = configuration.headCount * configuration.headWidth
        let keys = configuration.keyValueHeadCount * configuration.headWidth
        let name = "\(prefix).layers.\(index)"
        // The model types of routed layers do not name the architecture: its tensors do.
        let hasHeadNorms =
            configuration.architecture == .qwen3
            || configuration.routing != nil && checkpoint.hasTensor("\(name).self_attn.q_norm.weight")
        func headNorm(_ suffix: String) throws -> Vector? {
            hasHeadNorms ? try vector("\(name).self_attn.\(suffix)", count: configuration.headWidth) : nil
        }
        return LayerWeights(
            attentionNorm: try vector("\(name).input_layernorm", count: hidden),
            queryKeyValue: Linear([
                try matrix("\(name).self_attn.q_proj", rows: queries, columns: hidden),
                try matrix("\(name).self_attn.k_proj", rows: keys, columns: hidden),
                try matrix("\(name).self_attn.v_proj", rows: keys, columns: hidden),
            ]),
            queryNorm: try headNorm("q_norm"),
            keyNorm: try headNorm("k_norm"),
            attentionOutput: Linear([try matrix("\(name).self_attn.o_proj", rows: hidden, columns: queries)]),
            feedForwardNorm: try vector("\(name).post_attention_layernorm", count: hidden),
            feedForward: try feedForward("\(name).mlp", index, configuration),
            routing: try configuration.routing.flatMap {
                $0.layers.contains(index) ? try routing(name, configuration, $0) : nil
            })
    }

    private func feedForward(
        _ name: String, _ index: Int, _ configuration: ModelConfiguration
    ) throws -> FeedForward {
        guard let experts = configuration.experts, experts.isSparse(index) else {
            let (gateUp, down) = try network(name, width: configuration.feedForwardSize, configuration.hiddenSize)
            return .dense(gateUp: gateUp, down: down)
        }
        return .experts(try self.experts(name, experts, hiddenSize: configuration.hiddenSize))
    }

    /// gate | up, and down, of a feed-forward network or an expert.
    func network(_ name: String, width: Int, _ hiddenSize: Int) throws -> (gateUp: Linear, down: Linear) {
        (
            Linear([
                try matrix("\(name).gate_proj", rows: width, columns: hiddenSize),
                try matrix("\(name).up_proj", rows: width, columns: hiddenSize),
            ]), Linear([try matrix("\(name).down_proj", rows: hiddenSize, columns: width)])
        )
    }

    func matrix(_ name: String, rows: Int, columns: Int) throws -> Matrix {
        let tensor = try tensor("\(name).weight", shape: [rows, columns])
        return try matrix(tensor, rows: rows, columns: columns)
    }

    /// The checkpoint's own `lm_head`; nil if it is the embedding. A tied `lm_head` that is stored with other values than the
    /// embedding is used, as in transformers 5.
    func ownVocabularyHead(_ configuration: ModelConfiguration, embedding: Matrix) throws -> Matrix? {
        let name = "lm_head"
        guard configuration.tiesEmbeddings else {
            return try matrix(name, rows: embedding.rows, columns: embedding.columns)
        }
        guard checkpoint.hasTensor("\(name).weight") else { return nil }
        let stored = try matrix(name, rows: embedding.rows, columns: embedding.columns)
        return stored.hasSameBytes(as: embedding) ? nil : stored
    }

    /// Refuses packed weights, naming the configuration's field. With plain tensors the field has no effect, which
    /// `Checkpoint.warnings` says.
    func refusePackedTensors() throws(ConfigurationError) {
        guard let field = checkpoint.quantizationField, let name = checkpoint.packedTensorName else { return }
        throw .unsupported(
            field: field, value: "with packed weights (tensor \(quoted(name)))",
            remedy: "use the checkpoint's unquantised original, or a GGUF file")
    }

    /// `lm_head` in another format.
    func converted(_ matrix: Matrix, to format: StorageFormat) throws -> Matrix {
        do {
            return try matrix.converted(to: format)
        } catch .notWholeBlocks {
            throw fault(
                "lm_head.weight", "its rows of \(matrix.columns) values are no whole blocks of \(format.rawValue)")
        } catch .notFinite {
            throw fault("lm_head.weight", "it holds values that are not finite")
        }
    }

    func vector(_ name: String, count: Int) throws -> Vector {
        try floats(try tensor("\(name).weight", shape: [count]), count: count)
    }

    /// Llama-3's frequency factors from a GGUF file: [headWidth / 2]; nil if it has none.
    func ropeFactors(count: Int) throws -> [Float]? {
        guard checkpoint.hasTensor("rope_freqs.weight") else { return nil }
        let factors = try floats(try tensor("rope_freqs.weight", shape: [count]), count: count)
        return Array(UnsafeBufferPointer(start: factors.pointer, count: count))
    }

    private func floats(_ tensor: StoredTensor, count: Int) throws -> Vector {
        let vector = Vector(count: count)
        try matrix(tensor, rows: 1, columns: count).copyRow(0, to: vector.pointer)
        return vector
    }

    private func matrix(_ tensor: StoredTensor, rows: Int, columns: Int) throws -> Matrix {
        guard let base = tensor.bytes.baseAddress,
            tensor.bytes.count == tensor.format.rowByteCount(columns: columns).map({ $0 * rows })
        else { throw fault(tensor.name, "its \(tensor.bytes.count) bytes are not what its shape needs") }
        return Matrix(rows: rows, columns: columns, format: tensor.format, bytes: base, owner: tensor.owner)
    }

    private func tensor(_ name: String, shape: [Int]) throws -> StoredTensor {
        let tensor = try checkpoint.tensor(name)
        unread.noteRead(name)
        progress.add(tensor.bytes.count)
        guard tensor.shape == shape else {
            throw fault(name, "its shape is \(tensor.shape), but the configuration asks for \(shape)")
        }
        return tensor
    }

    func fault(_ name: String, _ problem: String) -> CheckpointError {
        .damaged(path: checkpoint.path, place: "tensor \(name)", problem: problem)
    }
}
