import JSON

/// What a checkpoint says about how to generate with it: the fields as the file has them, not yet checked.
package struct GenerationSource: Sendable, Equatable {
    /// Where the fields were found.
    package enum Origin: String, Sendable {
        /// A file of its own, as transformers writes it.
        case generationConfiguration = "generation_config.json"
        /// The model's configuration, where there is no such file. It holds other fields too.
        case configuration = "config.json"
        /// A GGUF file's metadata; the prefix is not part of the fields' names.
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

    /// `generation_config.json`; without it the metadata that came along from a GGUF file; without both, as in
    /// transformers, the model's own configuration.
    init(directory: String, configuration: JSONObject) throws(CheckpointError) {
        if let fields = try Self.file(in: directory) {
            self.init(origin: .generationConfiguration, fields: fields)
        } else if let metadata = try GGUFMetadata(companionIn: directory) {
            try self.init(metadata)
        } else {
            self.init(origin: .configuration, fields: configuration)
        }
    }

    /// The fields of a directory's `generation_config.json`; nil where there is no such file.
    static func file(in directory: String) throws(CheckpointError) -> JSONObject? {
        let path = joinedPath(directory, fileName)
        return PathKind(path) == .file ? try MappedFile(path: path).parseJSONObject() : nil
    }

    /// The keys `general.sampling.*` (llama.cpp, pull request 17120).
    init(_ metadata: GGUFMetadata) throws(CheckpointError) {
        let prefix = Origin.gguf.rawValue + "."
        var fields = JSONObject()
        for key in metadata.header.metadata.keys.sorted() where key.hasPrefix(prefix) {
            fields[String(key.dropFirst(prefix.count))] = try metadata.scalar(key)
        }
        self.init(origin: .gguf, fields: fields)
    }
}
