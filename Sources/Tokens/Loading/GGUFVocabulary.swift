/// The tokenizer fields of a GGUF file (`tokenizer.ggml.*`). Texts are the file's bytes.
package struct GGUFVocabulary: Sendable, Equatable {
    /// `tokenizer.ggml.model`; only `gpt2`, byte-level BPE, is supported.
    package var model: String
    /// `tokenizer.ggml.pre`, which names the pre-tokenizer: `smollm`, `qwen2`, `llama-bpe` …; nil if the file has none.
    package var pre: String?
    /// Tokens indexed by id. Bytes are written as GPT-2's printable characters, in UTF-8.
    package var tokens: [[UInt8]]
    /// Merges from first to last, each two tokens separated by a space.
    package var merges: [[UInt8]]
    /// One type per token, or empty: 1 normal, 2 unknown, 3 control, 4 user-defined, 5 unused, 6 byte.
    package var tokenTypes: [Int]
    package var beginID: Int?
    package var endID: Int?
    package var endOfTurnID: Int?
    /// Whether encoding prepends the begin token; nil if `pre` decides.
    package var addsBegin: Bool?
    /// Whether encoding appends the end token; nil means no.
    package var addsEnd: Bool?
    /// Ids of the unknown, separator, padding and mask tokens, for chat templates.
    package var otherSpecialIDs: [SpecialToken: Int] = [:]
    /// Jinja sources by name: `default` for `tokenizer.chat_template`, NAME for `tokenizer.chat_template.NAME`.
    package var chatTemplates: [String: String] = [:]

    /// Special tokens by their names in chat templates.
    package enum SpecialToken: String, Sendable {
        case unknown = "unk_token"
        case separator = "sep_token"
        case padding = "pad_token"
        case mask = "mask_token"
    }

    package init(
        model: String, pre: String?, tokens: [[UInt8]], merges: [[UInt8]], tokenTypes: [Int], beginID: Int? = nil,
        endID: Int? = nil, endOfTurnID: Int? = nil, addsBegin: Bool? = nil, addsEnd: Bool? = nil,
        otherSpecialIDs: [SpecialToken: Int] = [:], chatTemplates: [String: String] = [:]
    ) {
        self.model = model
        self.pre = pre
        self.tokens = tokens
        self.merges = merges
        self.tokenTypes = tokenTypes
        self.beginID = beginID
        self.endID = endID
        self.endOfTurnID = endOfTurnID
        self.addsBegin = addsBegin
        self.addsEnd = addsEnd
        self.otherSpecialIDs = otherSpecialIDs
        self.chatTemplates = chatTemplates
    }
}
