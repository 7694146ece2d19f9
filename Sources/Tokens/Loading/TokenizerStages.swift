import JSON

/// Parses the stages around the model of a `tokenizer.json`. Refuses unimplemented ones by name.
struct TokenizerStages {
    /// The file's name in messages.
    let place: String

    /// `normalizer`: none, NFC or a sequence of these.
    func normalizer(_ node: JSONValue?) throws(TokenizerError) -> Normalizer {
        guard let node, !node.isNull else { return .none }
        switch type(of: node) {
        case "NFC": return .nfc
        case "Sequence":
            var result = Normalizer.none
            for part in node["normalizers"]?.arrayValue ?? [] where try normalizer(part) == .nfc { result = .nfc }
            return result
        case let other: throw unsupported("normalizer", other, "'NFC' or none")
        }
    }

    /// `pre_tokenizer`: splits, with `ByteLevel` last.
    func splitters(_ node: JSONValue?) throws(TokenizerError) -> [Splitter] {
        guard let node, !node.isNull else { throw unsupported("pre_tokenizer", "none", "'ByteLevel'") }
        let steps = steps(of: node)
        guard let last = steps.last, type(of: last) == "ByteLevel" else {
            let found = steps.last.map(type) ?? "none"
            throw unsupported("pre_tokenizer ending in", found, "'ByteLevel' as the last pre-tokenizer")
        }
        var splitters: [Splitter] = []
        for step in steps.dropLast() { splitters.append(try splitter(step)) }
        if last["add_prefix_space"]?.boolValue ?? false {
            throw unsupported("pre_tokenizer.add_prefix_space", "true", "none")
        }
        if last["use_regex"]?.boolValue ?? true { splitters.append(.gpt2) }
        return splitters
    }

    /// The pre-tokenizers as a flat list. Sequences can be nested.
    private func steps(of node: JSONValue) -> [JSONValue] {
        guard type(of: node) == "Sequence" else { return [node] }
        return (node["pretokenizers"]?.arrayValue ?? []).flatMap(steps)
    }

    private func splitter(_ node: JSONValue) throws(TokenizerError) -> Splitter {
        switch type(of: node) {
        case "Digits": return .digits(individual: node["individual_digits"]?.boolValue ?? false)
        case "Split":
            // The pattern matches the pieces or, inverted, the text between them.
            let behavior = node["behavior"]?.stringValue ?? "none"
            let isInverted = node["invert"]?.boolValue ?? false
            guard behavior == "Isolated" || (behavior == "Removed" && isInverted) else {
                throw unsupported("pre_tokenizer Split.behavior", behavior, "'Isolated', or 'Removed' and inverted")
            }
            guard let expression = node["pattern"]?["Regex"]?.stringValue else {
                throw unsupported("pre_tokenizer Split.pattern", "none", "a 'Regex'")
            }
            do throws(ExpressionError) {
                return try Splitter(expression: expression, keepsRest: behavior == "Isolated")
            } catch {
                throw .unsupported(
                    place: place, found: "pre_tokenizer Split.pattern \(quoted(expression)) (\(error.problem))",
                    supported: "another pre-tokenizer")
            }
        case let other: throw unsupported("pre_tokenizer", other, "'Split', 'Digits' and 'ByteLevel'")
        }
    }

    /// `decoder`: must be `ByteLevel`, which turns characters back into bytes.
    func checkDecoder(_ node: JSONValue?) throws(TokenizerError) {
        let found = node.map(type) ?? "none"
        if found == "Sequence", let parts = node?["decoders"]?.arrayValue, parts.count == 1 {
            return try checkDecoder(parts[0])
        }
        guard found == "ByteLevel" else { throw unsupported("decoder", found, "'ByteLevel'") }
    }

    func type(of node: JSONValue) -> String { node["type"]?.stringValue ?? "none" }

    func unsupported(_ stage: String, _ found: String, _ supported: String) -> TokenizerError {
        .unsupported(place: place, found: "\(stage) \(found == "none" ? "none" : quoted(found))", supported: supported)
    }
}
