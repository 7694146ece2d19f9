/// The tokenizer fields of a GGUF file (`tokenizer.ggml.*`), texts as the bytes that the file has.
package struct GGUFVocabulary: Sendable, Equatable {
    /// `tokenizer.ggml.model`; only `gpt2`, byte-level BPE, is supported.
    package var model: String
    /// `tokenizer.ggml.pre`, the way a text is cut: `smollm`, `qwen2`, `llama-bpe` …; nil where the file does not say.
    package var pre: String?
    /// Index: id; bytes are written as GPT-2's printable characters, in UTF-8.
    package var tokens: [[UInt8]]
    /// Two tokens with a space between, best first.
    package var merges: [[UInt8]]
    /// One for each token, or none at all: 1 normal, 2 unknown, 3 control, 4 user-defined, 5 unused, 6 byte.
    package var tokenTypes: [Int]
    package var beginID: Int?
    package var endID: Int?
    package var endOfTurnID: Int?
    /// Whether a text begins with the begin token; nil leaves it to `pre`.
    package var addsBegin: Bool?
    /// Whether a text ends with the end token; nil means that it does not.
    package var addsEnd: Bool?
    /// Ids of the unknown, separator, padding and mask tokens, which chat templates can name.
    package var otherSpecialIDs: [SpecialToken: Int] = [:]
    /// Jinja, by name: `default` for `tokenizer.chat_template`, NAME for `tokenizer.chat_template.NAME`.
    package var chatTemplates: [String: String] = [:]

    /// A special token by what chat templates call it.
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
