import JSON

extension Checkpoint {
    /// Opens a GGUF file. If `path` is a part of a split file, opens all parts.
    static func openGGUF(file path: String) throws(CheckpointError) -> Checkpoint {
        let parts = try GGUFParts(path)
        let configuration = try GGUFConfiguration(parts.first)
        return Checkpoint(
            path: path, kind: .gguf, configuration: .object(try configuration.fields()),
            tokenizer: .gguf(try GGUFTokenizerMetadata(GGUFMetadata(parts.first))),
            generation: try GenerationSource(GGUFMetadata(parts.first)),
            contents: .mapped(try huggingFaceLocations(parts, configuration)),
            warnings: configuration.warning.map { [$0] } ?? [])
    }

    /// Renames the tensors and marks those whose rows need reordering.
    private static func huggingFaceLocations(
        _ parts: GGUFParts, _ configuration: GGUFConfiguration
    ) throws(CheckpointError) -> [String: TensorLocation] {
        let heads = try configuration.headCounts()
        var locations: [String: TensorLocation] = [:]
        for (name, location) in parts.all.flatMap(\.tensors) {
            var location = location
            if configuration.architecture == .llama, let matrix = GGUFTensorNames.rotaryMatrix(name) {
                location.rowOrder = try rotaryOrder(
                    name, location, headCount: matrix == .query ? heads.query : heads.key)
            }
            let renamed = GGUFTensorNames.huggingFaceName(name)
            guard locations.updateValue(location, forKey: renamed) == nil else {
                throw .damaged(
                    path: location.file.path, place: "tensor \(quoted(name))",
                    problem: "another tensor stands for \(quoted(renamed)) too")
            }
        }
        return try locations.splittingExperts()
    }

    private static func rotaryOrder(
        _ name: String, _ location: TensorLocation, headCount: Int
    ) throws(CheckpointError) -> TensorLocation.RowOrder {
        guard location.shape.count == 2, RotaryRows(rowCount: location.shape[0], headCount: headCount).isValid else {
            throw .damaged(
                path: location.file.path, place: "tensor \(quoted(name))",
                problem: "its shape \(location.shape) does not divide into \(headCount) heads of even width")
        }
        return .rotaryPairs(headCount: headCount)
    }
}

extension GGUFTokenizerMetadata {
    /// Copies the `tokenizer.ggml.*` fields unchanged.
    /// - Throws: `CheckpointError.damaged` if a field has the wrong type, or token types and tokens differ in number.
    init(_ metadata: GGUFMetadata) throws(CheckpointError) {
        let prefix = "tokenizer.ggml."
        model = try metadata.text(prefix + "model")
        pre = try metadata.text(prefix + "pre")
        tokens = try metadata.texts(prefix + "tokens") ?? []
        merges = try metadata.texts(prefix + "merges") ?? []
        tokenTypes = try metadata.integers(prefix + "token_type") ?? []
        beginID = try metadata.integer(prefix + "bos_token_id")
        endID = try metadata.integer(prefix + "eos_token_id")
        endOfTurnID = try metadata.integer(prefix + "eot_token_id")
        addsBegin = try metadata.truth(prefix + "add_bos_token")
        addsEnd = try metadata.truth(prefix + "add_eos_token")
        addsSpacePrefix = try metadata.truth(prefix + "add_space_prefix")
        unknownID = try metadata.integer(prefix + "unknown_token_id")
        separatorID = try metadata.integer(prefix + "seperator_token_id")  // llama.cpp's spelling
        paddingID = try metadata.integer(prefix + "padding_token_id")
        maskID = try metadata.integer(prefix + "mask_token_id")
        chatTemplates = try Self.chatTemplates(metadata)
        guard tokenTypes.isEmpty || tokenTypes.count == tokens.count else {
            throw .damaged(
                path: metadata.header.file.path, place: "metadata '\(prefix)token_type'",
                problem: "has \(tokenTypes.count) elements for \(tokens.count) tokens")
        }
    }

    private static func chatTemplates(_ metadata: GGUFMetadata) throws(CheckpointError) -> [String: String] {
        let key = "tokenizer.chat_template"
        var templates: [String: String] = [:]
        for named in metadata.header.metadata.keys where named.hasPrefix(key + ".") {
            templates[String(named.dropFirst(key.count + 1))] = try metadata.text(named)
        }
        if let template = try metadata.text(key) { templates["default"] = template }
        return templates
    }
}
