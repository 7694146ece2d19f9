import JSON

extension TokenizerStages {
    /// `post_processor`: special tokens around the text. `ByteLevel` adjusts only offsets, which are not computed here.
    func frame(_ node: JSONValue?, vocabulary: Vocabulary) throws(TokenizerError) -> SpecialTokenFrame {
        guard let node, !node.isNull else { return SpecialTokenFrame() }
        switch type(of: node) {
        case "ByteLevel": return SpecialTokenFrame()
        case "TemplateProcessing": return try template(node, vocabulary: vocabulary)
        case "Sequence":
            var frame = SpecialTokenFrame()
            for part in node["processors"]?.arrayValue ?? [] {
                let outer = try self.frame(part, vocabulary: vocabulary)
                frame = SpecialTokenFrame(before: outer.before + frame.before, after: frame.after + outer.after)
            }
            return frame
        case let other: throw unsupported("post_processor", other, "'ByteLevel', 'TemplateProcessing' or none")
        }
    }

    /// Parses the template for a single text: special tokens, the text once, special tokens.
    private func template(_ node: JSONValue, vocabulary: Vocabulary) throws(TokenizerError) -> SpecialTokenFrame {
        var before: [Int] = []
        var after: [Int]?
        for piece in node["single"]?.arrayValue ?? [] {
            if piece["Sequence"] != nil, after == nil {
                after = []
            } else if let name = piece["SpecialToken"]?["id"]?.stringValue {
                let ids = try specialIDs(name, in: node["special_tokens"], vocabulary: vocabulary)
                if after == nil { before += ids } else { after? += ids }
            } else {
                throw .damaged(place: place, problem: "post_processor.single has \(piece) where a token should be")
            }
        }
        guard let after else {
            throw .damaged(place: place, problem: "post_processor.single has no place for the text")
        }
        return SpecialTokenFrame(before: before, after: after)
    }

    private func specialIDs(
        _ name: String, in node: JSONValue?, vocabulary: Vocabulary
    ) throws(TokenizerError) -> [Int] {
        let entry = node?[name]
        let ids = entry?["ids"]?.arrayValue?.map { $0.intValue ?? -1 } ?? [-1]
        guard ids.allSatisfy({ vocabulary.bytes[$0] != nil }) else {
            throw .damaged(place: place, problem: "post_processor names \(quoted(name)), which is not a token")
        }
        return ids
    }
}
