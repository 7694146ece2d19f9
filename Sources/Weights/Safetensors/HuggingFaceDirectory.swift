import JSON
import Tensors

extension Checkpoint {
    /// Opens a directory written by `save_pretrained`.
    static func openHuggingFace(directory: String, fp8Format: StorageFormat) throws(CheckpointError) -> Checkpoint {
        var configuration = try huggingFaceConfiguration(directory)
        var tensors = try huggingFaceTensors(directory)
        if configuration["quantization_config"] == nil { try refusePacked(tensors, directory) }
        let scheme = try FP8Scheme(configuration, path: joinedPath(directory, "config.json"))
        if let scheme {
            // The scheme has been applied: later readers see unquantised matrices.
            configuration[FP8Scheme.field] = nil
            tensors = try scheme.joined(tensors, format: fp8Format)
        }
        tensors = try tensors.splittingExperts()
        return Checkpoint(
            path: directory, kind: .huggingFace, configuration: .object(configuration),
            tokenizer: try TokenizerSource(directory: directory),
            generation: try GenerationSource(directory: directory, configuration: configuration),
            contents: .mapped(tensors), quantization: scheme?.description(as: fp8Format))
    }

    /// Refuses packed weights that the configuration does not declare. Recognises the method by its tensor names.
    private static func refusePacked(
        _ tensors: [String: TensorLocation], _ directory: String
    ) throws(CheckpointError) {
        let methods = [".qweight": "GPTQ or AWQ", ".qzeros": "GPTQ or AWQ", ".SCB": "bitsandbytes"]
        for name in tensors.keys.sorted() {
            let isOfBits = name.contains(".quant_state.bitsandbytes")
            let method = isOfBits ? "bitsandbytes" : methods.first { name.hasSuffix($0.key) }?.value
            guard let method else { continue }
            throw .unsupported(
                path: directory, place: "tensor \(quoted(name))", problem: "belongs to weights packed by \(method)",
                remedy: "use the model's unquantised original, which volley pack quantises, or a GGUF file of it")
        }
    }

    /// `config.json` with the end tokens of `generation_config.json`: chat models name the end-of-turn token only
    /// there.
    private static func huggingFaceConfiguration(_ directory: String) throws(CheckpointError) -> JSONObject {
        let path = joinedPath(directory, "config.json")
        guard PathKind(path) == .file else { throw .notACheckpoint(path: directory, problem: "has no config.json") }
        var configuration = try MappedFile(path: path).parseJSONObject()
        let endTokens = try GenerationSource.file(in: directory)?["eos_token_id"]
        if let endTokens, !endTokens.isNull { configuration["eos_token_id"] = endTokens }
        return configuration
    }

    private static func huggingFaceTensors(_ directory: String) throws(CheckpointError) -> [String: TensorLocation] {
        let single = joinedPath(directory, "model.safetensors")
        if PathKind(single) == .file { return try SafetensorsFile.tensors(in: MappedFile(path: single)) }
        let index = joinedPath(directory, SafetensorsIndex.fileName)
        if PathKind(index) == .file { return try SafetensorsIndex(MappedFile(path: index)).tensors(in: directory) }
        throw .notACheckpoint(
            path: directory, problem: "has neither model.safetensors nor \(SafetensorsIndex.fileName)")
    }
}

extension MappedFile {
    /// Maximum size of a JSON file in bytes.
    private static let jsonByteLimit = 100_000_000

    /// Parses the whole file as one JSON object.
    func parseJSONObject() throws(CheckpointError) -> JSONObject {
        let value = try parseJSON(limits: .configuration)
        guard let fields = value.objectValue else {
            throw .damaged(path: path, place: "the whole file", problem: "is \(value), not an object")
        }
        return fields
    }

    /// Parses the whole file as JSON.
    func parseJSON(limits: JSONLimits) throws(CheckpointError) -> JSONValue {
        guard bytes.count <= Self.jsonByteLimit else {
            throw .damaged(
                path: path, place: "the whole file",
                problem: "has \(bytes.count) bytes, more than the \(Self.jsonByteLimit) that are read")
        }
        do {
            return try JSONValue(parsing: copy(0..<bytes.count), limits: limits)
        } catch {
            throw .damaged(path: path, place: "the JSON text", problem: error.description)
        }
    }
}

/// Joins `directory` and `name` with a single slash.
func joinedPath(_ directory: String, _ name: String) -> String {
    directory.utf8.last == UInt8(ascii: "/") ? directory + name : directory + "/" + name
}
