/// The preparation of a text that `tokenizer.ggml.pre` names.
///
/// The names are llama.cpp's (`llama-vocab.cpp`). Expressions and normalizers are from the models' own
/// `tokenizer.json`, which llama.cpp only approximates for some models.
struct GGUFPreTokenizer {
    let normalizer: Normalizer
    /// Each splits the pieces of the previous one.
    let splitters: [Splitter]
    let ignoresMerges: Bool
    let addsBegin: Bool

    /// The name assumed for a file without one, as in llama.cpp. No model in particular uses it.
    static let fallbackName = "default"

    /// Returns nil for a name that is not implemented.
    init?(name: String) {
        guard let rule = Self.rules.first(where: { $0.names.contains(name) }),
            let splitters = try? rule.expressions.map({ try Splitter(expression: $0) })
        else { return nil }
        self.splitters = splitters
        normalizer = rule.normalizer
        ignoresMerges = rule.isLlama3
        addsBegin = rule.isLlama3
    }

    private struct Rule {
        let names: Set<String>
        let expressions: [String]
        var normalizer = Normalizer.none
        /// As in Llama 3 and Tekken: a piece that is a token is taken whole, and texts start with the begin token.
        var isLlama3 = false
    }

    private static let rules = [
        Rule(
            names: [
                "llama-bpe", "llama3", "llama-v3", "falcon3", "falcon-h1", "pixtral", "midm-2.0", "lfm2",
                "jina-v5-nano",
            ], expressions: [Expressions.cl100k(digits: #"\p{N}{1,3}"#)], isLlama3: true),
        Rule(names: ["dbrx", "smaug-bpe"], expressions: [Expressions.cl100k(digits: #"\p{N}{1,3}"#)]),
        Rule(names: ["tekken"], expressions: [Expressions.tekken], isLlama3: true),
        Rule(
            names: ["qwen2", "deepseek-r1-qwen", "kormo", "openpangu", "f2llmv2", "megrez"],
            expressions: [Expressions.cl100k(digits: #"\p{N}"#)], normalizer: .nfc),
        Rule(names: ["qwen35"], expressions: [Expressions.qwen35], normalizer: .nfc),
        Rule(
            names: ["stablelm2", "hunyuan", "solar-open", "grok-2"],
            expressions: [Expressions.cl100k(digits: #"\p{N}"#)]),
        Rule(names: ["gpt-4o", "llama4", "kanana2", "minimax-m2"], expressions: [Expressions.gpt4o]),
        Rule(
            names: [
                "gpt-2", "phi-2", "gigachat", "a.x-4.0", "mellum", "exaone4", "mpt", "olmo", "jais", "trillion",
                "granite-docling",
            ], expressions: [Expressions.gpt2]),
        Rule(
            names: ["smollm", "starcoder", "refact", "codeshell", "exaone", "minerva-7b", "mellum2"],
            expressions: [#"\p{N}"#, Expressions.gpt2]),
        Rule(
            names: ["deepseek-llm"],
            expressions: [
                #"[\r\n]"#, Expressions.casedLetters, Expressions.punctuation, #"\s+$"#, Expressions.eastAsian,
                #"\p{N}+"#,
            ]),
        Rule(
            names: ["deepseek-coder"],
            expressions: [#"[\r\n]"#, #"\s?\p{L}+"#, #"\s?\p{P}+"#, Expressions.eastAsian, #"\p{N}"#]),
        Rule(
            names: ["deepseek-v3", "hunyuan-dense", "joyai-llm"],
            expressions: [#"\p{N}{1,3}"#, #"[一-龥぀-ゟ゠-ヿ]+"#, Expressions.deepSeekV3]),
        Rule(
            names: [fallbackName],
            expressions: [#"[\p{P}\$\+<=>\^~\|]+"#, Expressions.gpt2, #"\p{N}+"#, #"[0-9][0-9][0-9]"#]),
    ]
}
