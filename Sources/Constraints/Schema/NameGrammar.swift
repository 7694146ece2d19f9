/// The names of properties other than some listed ones, as they stand between quotes.
struct NameGrammar {
    let excluded: [String]

    /// - Parameter character: any character as it may stand in a JSON string.
    func node(character: GrammarNode, in grammar: inout Grammar) -> GrammarNode {
        let rest = GrammarNode.any(character)
        guard !excluded.isEmpty else { return rest }
        return node(from: excluded.map { Array($0.unicodeScalars) }, at: 0, rest: .any(plain), in: &grammar)
    }

    /// Any character in its only spelling, so that no listed name comes in disguise.
    private var plain: GrammarNode { CharacterCoding.json.node(.all) }

    /// The ends of names that begin like those in `names` do before `index`.
    private func node(
        from names: [[Unicode.Scalar]], at index: Int, rest: GrammarNode, in grammar: inout Grammar
    ) -> GrammarNode {
        let longer = Dictionary(grouping: names.filter { $0.count > index }) { $0[index] }
        var parts = longer.keys.sorted().map { scalar in
            GrammarNode.sequence([
                CharacterCoding.json.node(CharacterRanges(scalar.value)),
                node(from: longer[scalar] ?? [], at: index + 1, rest: rest, in: &grammar),
            ])
        }
        let listed = CharacterRanges(longer.keys.map { $0.value...$0.value })
        parts.append(.sequence([CharacterCoding.json.node(listed.inverted), rest]))
        if !names.contains(where: { $0.count == index }) { parts.append(.empty) }
        return grammar.add("other names", .choice(parts))
    }
}
