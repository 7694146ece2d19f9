import JSON

/// Token settings from the files beside `tokenizer.json`: `tokenizer_config.json`, and for older models
/// `special_tokens_map.json` and `added_tokens.json`. Read as transformers 5 does (`_from_pretrained`).
struct TokenizerConfiguration {
    /// `added_tokens_decoder`, or its counterpart in older files, with the file's ids.
    private(set) var added: [(id: Int, token: TokenDescription)] = []
    /// Tokens that chat templates see under names such as `bos_token`.
    private(set) var named: [(name: String, token: TokenDescription)] = []
    /// Special tokens without a name.
    private(set) var extra: [TokenDescription] = []
    /// Whether encoding always treats special tokens in a text as plain text.
    let splitsSpecial: Bool
    /// Whether the model's class takes only vocabulary and merges from `tokenizer.json`, and all added tokens from
    /// here.
    let replacesAdded: Bool
    /// Whether the class turns named and extra tokens into special ones without flags, whatever the files say.
    let makesNamedPlain: Bool

    /// Chat templates by name, from `tokenizer_config.json` or else `chat_template.json`.
    private(set) var templates: [String: String] = [:]

    fileprivate static let extraName = "extra_special_tokens"

    static let standardNames = [
        "bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token",
    ]

    /// - Throws: `TokenizerError.damaged` for invalid JSON or tokens.
    init(_ files: TokenizerFiles) throws(TokenizerError) {
        let place = files.configuration?.place ?? "tokenizer_config.json"
        var root = try files.configuration?.object() ?? JSONObject()
        let decoder = root["added_tokens_decoder"]?.objectValue
        root.renameAdditionalTokens()
        if decoder == nil, let map = files.specialTokensMap {
            for (name, value) in try map.object() {
                let isList = name == Self.extraName && value.arrayValue != nil
                root[name] = isList ? .array((root[name]?.arrayValue ?? []) + (value.arrayValue ?? [])) : value
            }
        }
        // Tokens under the older name count only if there are no others.
        if root[Self.extraName] == nil { root.renameAdditionalTokens() }
        let family = (root["tokenizer_class"]?.stringValue ?? "").removing(suffix: "Fast")
        replacesAdded = decoder != nil && Self.defaults[family] != nil
        makesNamedPlain = family == "Qwen2Tokenizer" || family == "Qwen3_5Tokenizer"
        splitsSpecial = root["split_special_tokens"]?.boolValue ?? false
        templates = Self.templates(root["chat_template"])
        if templates.isEmpty, let file = files.templateJSON {
            templates = Self.templates(try file.object()["chat_template"])
        }
        try readNamed(root, defaults: Self.defaults[family] ?? [:], place: place)
        if let decoder {
            try readDecoder(decoder, place: place)
        } else if let file = files.addedTokens {
            try readAdded(file)
        }
    }

    /// Default tokens of classes that rebuild their tokenizer, by class and name.
    private static let defaults: [String: [String: String]] = {
        let qwen = ["eos_token": "<|endoftext|>", "unk_token": "<|endoftext|>", "pad_token": "<|endoftext|>"]
        return [
            "Qwen2Tokenizer": qwen, "Qwen3_5Tokenizer": qwen,
            "GPT2Tokenizer": [
                "bos_token": "<|endoftext|>", "eos_token": "<|endoftext|>", "unk_token": "<|endoftext|>",
            ],
        ]
    }()

    private mutating func readNamed(
        _ root: JSONObject, defaults: [String: String], place: String
    ) throws(TokenizerError) {
        for name in Self.standardNames {
            guard let node = root[name] ?? defaults[name].map({ .string($0) }), !node.isNull else { continue }
            guard let token = TokenDescription(special: node) else {
                throw .damaged(place: place, problem: "\(name) is \(node), which is not a token")
            }
            named.append((name, token))
        }
        for (name, node) in root where name.hasSuffix("_token") && !Self.standardNames.contains(name) {
            // `add_bos_token` and the like are settings.
            if let token = TokenDescription(special: node) { named.append((name, token)) }
        }
        switch root[Self.extraName] {
        case .object(let tokens):
            for (name, node) in tokens {
                if let token = TokenDescription(special: node) { named.append((name, token)) }
            }
        case .array(let tokens): extra = tokens.compactMap(TokenDescription.init(special:))
        default: break
        }
    }

    private mutating func readDecoder(_ decoder: JSONObject, place: String) throws(TokenizerError) {
        for (key, node) in decoder {
            guard let id = Int(key), id >= 0, let token = TokenDescription(node) else {
                throw .damaged(place: place, problem: "added_tokens_decoder \(quoted(key)) is not an id with a token")
            }
            added.append((id, token))
        }
        added.sort { $0.id < $1.id }
    }

    private mutating func readAdded(_ file: TokenizerFiles.File) throws(TokenizerError) {
        let special = Set(named.map(\.token.content) + extra.map(\.content))
        for (content, node) in try file.object() {
            guard let id = node.intValue, id >= 0 else {
                throw .damaged(place: file.place, problem: "the id of \(quoted(content)) is \(node)")
            }
            let isSpecial = special.contains(Array(content.utf8))
            added.append((id, TokenDescription(content: content, isSpecial: isSpecial)))
        }
        added.sort { $0.id < $1.id }
    }

    /// Parses one template, or named ones as an array of objects with `name` and `template` or as an object.
    private static func templates(_ node: JSONValue?) -> [String: String] {
        var templates: [String: String] = [:]
        switch node {
        case .string(let source): templates[ChatTemplates.defaultName] = source
        case .array(let entries):
            for entry in entries {
                if let name = entry["name"]?.stringValue { templates[name] = entry["template"]?.stringValue }
            }
        case .object(let fields): for (name, value) in fields { templates[name] = value.stringValue }
        default: break
        }
        return templates
    }

    /// The text of the token with this name.
    func text(of name: String) -> String? {
        named.first { $0.name == name }?.token.text
    }
}

extension JSONObject {
    /// Renames `additional_special_tokens` to its newer name, unless that one holds tokens.
    fileprivate mutating func renameAdditionalTokens() {
        guard let older = self["additional_special_tokens"],
            self[TokenizerConfiguration.extraName].map({ $0.arrayValue?.isEmpty ?? $0.isNull }) != false
        else { return }
        self[TokenizerConfiguration.extraName] = older
        self["additional_special_tokens"] = nil
    }
}

extension String {
    fileprivate func removing(suffix: String) -> String { hasSuffix(suffix) ? String(dropLast(suffix.count)) : self }
}
