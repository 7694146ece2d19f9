import JSON

extension ModelConfiguration {
    static func architecture(
        _ fields: ConfigurationReader
    ) throws(ConfigurationError) -> (Architecture, modelType: String) {
        guard let modelType = try fields.text("model_type") else { throw .missing(field: "model_type") }
        switch modelType {
        case "qwen3", "dmtdqwen3", "mtpqwen3", "ddqwen3", ExpertConfiguration.modelType: return (.qwen3, modelType)
        case "llama", routedLlama: return (.llama, modelType)
        default:
            throw fields.unsupported(
                "model_type",
                "use a checkpoint of type qwen3, qwen3_moe, dmtdqwen3, mtpqwen3, ddqwen3, llama or ddllama")
        }
    }

    static func headWidth(
        _ fields: ConfigurationReader, _ architecture: Architecture, hiddenSize: Int, headCount: Int
    ) throws(ConfigurationError) -> Int {
        if let width = try fields.count("head_dim", in: 2...65536) { return width }
        // The default of transformers' Qwen3Config; Llama divides the hidden size by the number of query heads.
        if architecture == .qwen3 { return 128 }
        guard hiddenSize.isMultiple(of: headCount) else {
            throw .inconsistent(
                problem: "hidden_size \(hiddenSize) is not a multiple of num_attention_heads \(headCount), "
                    + "and there is no head_dim")
        }
        return hiddenSize / headCount
    }

    /// Checks the sizes that depend on several fields.
    func checkSizes() throws(ConfigurationError) {
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
    /// The default of transformers' configuration classes for `max_position_embeddings`.
    var defaultContextLength: Int {
        switch self {
        case .qwen3: 32768
        case .llama: 2048
        }
    }
}
