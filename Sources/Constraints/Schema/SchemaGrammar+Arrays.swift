import JSON

extension SchemaGrammar {
    /// The arrays that `leaves` allow.
    mutating func arrays(_ leaves: [SchemaPlace]) throws(ConstraintError) -> GrammarNode {
        var (minimum, maximum): (Int, Int?) = (0, nil)
        for leaf in leaves {
            if let least = try leaf.count("minItems") { minimum = max(minimum, least) }
            if let most = try leaf.count("maxItems") { maximum = min(maximum ?? most, most) }
            if leaf.value["items"]?.arrayValue != nil {
                throw leaf.problem("'items' is an array; write it as 'prefixItems'")
            }
        }
        var prefixes: [[SchemaPlace]] = []
        for leaf in leaves { prefixes.append(try leaf.list("prefixItems") ?? []) }
        let prefixCount = prefixes.map(\.count).max() ?? 0
        let limit = PatternParser.maximumRepetitions
        guard max(minimum, maximum ?? 0, prefixCount) <= limit else {
            throw leaves[0].problem("more than \(limit) items are not supported")
        }
        if let maximum, maximum < minimum { return .nothing }

        let space = space()
        let comma = GrammarNode.sequence([.literal(","), space])
        // From the back: what follows the elements before.
        var rest = try further(
            leaves, minimum: minimum - prefixCount, maximum: maximum.map { $0 - prefixCount }, isFirst: prefixCount == 0
        )
        for index in (0..<prefixCount).reversed() where maximum.map({ index < $0 }) ?? true {
            let schemas = zip(leaves, prefixes).map { leaf, prefix in
                prefix.indices.contains(index) ? prefix[index] : leaf.child("items") ?? .any
            }
            let element = GrammarNode.sequence([index > 0 ? comma : .empty, try node(schemas), rest])
            rest = grammar.add("items from \(index)", index < minimum ? element : .optional(element))
        }
        return .sequence([.literal("["), space, rest, space, .literal("]")])
    }

    /// The elements after the prefix.
    private mutating func further(
        _ leaves: [SchemaPlace], minimum: Int, maximum: Int?, isFirst: Bool
    ) throws(ConstraintError) -> GrammarNode {
        if let maximum, maximum <= 0 { return .empty }
        let schemas = leaves.compactMap { $0.child("items") }
        if schemas.contains(where: { $0.value == .bool(false) }) { return minimum > 0 ? .nothing : .empty }
        let element = try node(schemas.isEmpty ? [.any] : schemas)
        let next = grammar.add("item", .sequence([.literal(","), space(), element]))
        guard isFirst else { return .repetition(next, minimum: max(0, minimum), maximum: maximum) }
        let all = GrammarNode.sequence([
            element, .repetition(next, minimum: max(0, minimum - 1), maximum: maximum.map { $0 - 1 }),
        ])
        return minimum > 0 ? all : .optional(all)
    }
}
