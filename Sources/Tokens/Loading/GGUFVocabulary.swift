/// The tokenizer fields of a GGUF file (`tokenizer.ggml.*`), texts as the bytes that the file has.
public struct GGUFVocabulary: Sendable, Equatable {
    /// `tokenizer.ggml.model`; only `gpt2`, byte-level BPE, is supported.
    public var model: String
    /// `tokenizer.ggml.pre`, the way a text is cut: `smollm`, `qwen2`, `llama-bpe`, `llama3` or `default` (GPT-2's).
    public var pre: String
    /// Index: id; bytes are written as GPT-2's printable characters, in UTF-8.
    public var tokens: [[UInt8]]
    /// Two tokens with a space between, best first.
    public var merges: [[UInt8]]
    /// One for each token, or none at all: 1 normal, 2 unknown, 3 control, 4 user-defined, 5 unused, 6 byte.
    public var tokenTypes: [Int]
    public var beginID: Int?
    public var endID: Int?
    public var endOfTurnID: Int?
    /// Whether a text begins with the begin token; nil leaves it to `pre`.
    public var addsBegin: Bool?
    /// Whether a text ends with the end token; nil means that it does not.
    public var addsEnd: Bool?
    /// Jinja.
    public var chatTemplate: String?

    public init(
        model: String, pre: String, tokens: [[UInt8]], merges: [[UInt8]], tokenTypes: [Int], beginID: Int? = nil,
        endID: Int? = nil, endOfTurnID: Int? = nil, addsBegin: Bool? = nil, addsEnd: Bool? = nil,
        chatTemplate: String? = nil
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
        self.chatTemplate = chatTemplate
    }
}
