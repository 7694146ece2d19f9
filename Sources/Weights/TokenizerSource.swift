/// The location of a checkpoint's tokenizer.
package enum TokenizerSource: Sendable, Equatable {
    /// A directory that may hold `tokenizer.json` and `tokenizer_config.json`.
    case directory(String)
    /// The tokenizer fields of GGUF metadata.
    case gguf(GGUFTokenizerMetadata)
}

extension TokenizerSource {
    /// Uses the directory's own files, or the metadata of a packed GGUF file.
    init(directory: String) throws(CheckpointError) {
        if PathKind(joinedPath(directory, "tokenizer.json")) == .nothing,
            let metadata = try GGUFMetadata(companionIn: directory)
        {
            self = .gguf(try GGUFTokenizerMetadata(metadata))
        } else {
            try LFSPointer.refuse(inTokenizerDirectory: directory)
            self = .directory(directory)
        }
    }
}

extension GGUFMetadata {
    /// Reads the GGUF metadata in a packed directory; nil if there is none.
    init?(companionIn directory: String) throws(CheckpointError) {
        let path = joinedPath(directory, "tokenizer.gguf")
        guard PathKind(path) == .file else { return nil }
        self.init(try GGUFFile(MappedFile(path: path)))
    }
}

/// The tokenizer fields of a GGUF file (`tokenizer.ggml.*`). Texts are the file's bytes.
package struct GGUFTokenizerMetadata: Sendable, Equatable {
    /// `tokenizer.ggml.model`: `gpt2` is byte-level BPE.
    package var model: String?
    /// `tokenizer.ggml.pre`: the name of the pre-tokenizer, `qwen2`, `llama-bpe`, `smollm` …
    package var pre: String?
    /// Tokens indexed by id. Byte-level BPE writes bytes as printable characters, in UTF-8.
    package var tokens: [[UInt8]]
    /// Merges from first to last, each two tokens separated by a space.
    package var merges: [[UInt8]]
    /// One type per token, or empty: 1 normal, 2 unknown, 3 control, 4 user-defined, 5 unused, 6 byte.
    package var tokenTypes: [Int]
    /// The token prepended to a text if `addsBegin` is true.
    package var beginID: Int?
    /// End of text.
    package var endID: Int?
    /// End of turn.
    package var endOfTurnID: Int?
    /// Whether encoding prepends `beginID`; nil if the file does not say.
    package var addsBegin: Bool?
    /// Whether encoding appends `endID`; nil if the file does not say.
    package var addsEnd: Bool?
    /// Whether encoding prepends a space, as in Llama-style tokenizers.
    package var addsSpacePrefix: Bool?
    /// Tokens available to chat templates.
    package var unknownID: Int?
    package var separatorID: Int?
    package var paddingID: Int?
    package var maskID: Int?
    /// Jinja sources by name: `default` for `tokenizer.chat_template`, NAME for `tokenizer.chat_template.NAME`.
    package var chatTemplates: [String: String]
}
