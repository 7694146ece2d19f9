/// Where a checkpoint's tokenizer is.
package enum TokenizerSource: Sendable, Equatable {
    /// A directory that may hold `tokenizer.json` and `tokenizer_config.json`.
    case directory(String)
    /// The tokenizer itself, as the metadata of a GGUF file has it.
    case gguf(GGUFTokenizerMetadata)
}

extension TokenizerSource {
    /// The directory's own files, or the metadata that came along from a GGUF file.
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
    /// What a packed directory keeps of a GGUF file's metadata; nil where it keeps none.
    init?(companionIn directory: String) throws(CheckpointError) {
        let path = joinedPath(directory, "tokenizer.gguf")
        guard PathKind(path) == .file else { return nil }
        self.init(try GGUFFile(MappedFile(path: path)))
    }
}

/// The tokenizer fields of a GGUF file (`tokenizer.ggml.*`), texts as the bytes they are stored as.
package struct GGUFTokenizerMetadata: Sendable, Equatable {
    /// `tokenizer.ggml.model`: `gpt2` is byte-level BPE.
    package var model: String?
    /// `tokenizer.ggml.pre`: the name of the pre-tokenizer, `qwen2`, `llama-bpe`, `smollm` …
    package var pre: String?
    /// Index is the token's id; byte-level BPE writes bytes as printable characters, in UTF-8.
    package var tokens: [[UInt8]]
    /// Two tokens and a space between, best first.
    package var merges: [[UInt8]]
    /// One for each token, or empty: 1 normal, 2 unknown, 3 control, 4 user-defined, 5 unused, 6 byte.
    package var tokenTypes: [Int]
    /// Put before a text where `addsBegin` is true.
    package var beginID: Int?
    /// End of text.
    package var endID: Int?
    /// End of turn.
    package var endOfTurnID: Int?
    /// Whether encoding puts `beginID` first; nil where the file does not say.
    package var addsBegin: Bool?
    /// Whether encoding puts `endID` last; nil where the file does not say.
    package var addsEnd: Bool?
    /// Llama-style tokenizers put a space before the text.
    package var addsSpacePrefix: Bool?
    /// Tokens that chat templates can name.
    package var unknownID: Int?
    package var separatorID: Int?
    package var paddingID: Int?
    package var maskID: Int?
    /// Jinja, by name: `default` for `tokenizer.chat_template`, NAME for `tokenizer.chat_template.NAME`.
    package var chatTemplates: [String: String]
}
