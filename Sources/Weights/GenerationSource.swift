import JSON

/// A checkpoint's recommended generation settings, as in the file and unchecked.
package struct GenerationSource: Sendable, Equatable {
    /// The origin of the fields.
    package enum Origin: String, Sendable {
        /// The separate file that transformers writes.
        case generationConfiguration = "generation_config.json"
        /// The model's configuration, if there is no such file. It also has other fields.
        case configuration = "config.json"
        /// GGUF metadata. Field names do not include the prefix.
        case gguf = "general.sampling"
    }

    package let origin: Origin
    package let fields: JSONObject

    package init(origin: Origin, fields: JSONObject) {
        self.origin = origin
        self.fields = fields
    }
}

extension GenerationSource {
    static let fileName = Origin.generationConfiguration.rawValue

    /// Reads `generation_config.json`, or else the metadata of a packed GGUF file, or else, as in transformers, the
    /// model's configuration.
    init(directory: String, configuration: JSONObject) throws(CheckpointError) {
        if let fields = try Self.file(in: directory) {
            self.init(origin: .generationConfiguration, fields: fields)
        } else if let metadata = try GGUFMetadata(companionIn: directory) {
            try self.init(metadata)
        } else {
            self.init(origin: .configuration, fields: configuration)
        }
    }

    /// The fields of `generation_config.json`; nil if there is no such file.
    static func file(in directory: String) throws(CheckpointError) -> JSONObject? {
        let path = joinedPath(directory, fileName)
        return PathKind(path) == .file ? try MappedFile(path: path).parseJSONObject() : nil
    }

    /// Reads the keys `general.sampling.*` (llama.cpp, pull request 17120).
    init(_ metadata: GGUFMetadata) throws(CheckpointError) {
        let prefix = Origin.gguf.rawValue + "."
        var fields = JSONObject()
        for key in metadata.header.metadata.keys.sorted() where key.hasPrefix(prefix) {
            fields[String(key.dropFirst(prefix.count))] = try metadata.scalar(key)
        }
        self.init(origin: .gguf, fields: fields)
    }
}
