import JSON

/// A property of an object.
private struct Property {
    let name: String
    let value: GrammarNode
    let isRequired: Bool
}

/// What schemas ask of an object's properties.
private struct ObjectLimits {
    /// Listed properties in order, each with the schemas of its value.
    var properties: [(name: String, schemas: [SchemaPlace])] = []
    var required: Set<String> = []
    /// The schemas of other properties' values; nil if there are none.
    var others: [SchemaPlace]?
    var minimum = 0
    var maximum: Int?

    private static let limit = 10_000

    init(_ leaves: [SchemaPlace]) throws(ConstraintError) {
        var names: [String] = []
        var known: Set<String> = []
        for leaf in leaves {
            names += try Self.fields("properties", of: leaf).map(\.name).filter { known.insert($0).inserted }
            for name in leaf.value["required"]?.arrayValue ?? [] {
                guard let text = name.stringValue else { throw leaf.problem("'required' should be a list of names") }
                required.insert(text)
            }
            if let least = try leaf.count("minProperties") { minimum = max(minimum, least) }
            if let most = try leaf.count("maxProperties") { maximum = min(maximum ?? most, most) }
        }
        names += required.subtracting(known).sorted()
        guard names.count <= Self.limit else { throw leaves[0].problem("more than \(Self.limit) properties") }
        properties = names.map { name in
            let schemas = leaves.compactMap { leaf in
                leaf.value["properties"]?[name].map { leaf.child("properties", name, of: $0) }
                    ?? leaf.child("additionalProperties")
            }
            return (name, schemas.isEmpty ? [.any] : schemas)
        }
        others = Self.others(leaves)
    }

    /// Objects with listed properties get no others unless a schema asks for them.
    private static func others(_ leaves: [SchemaPlace]) -> [SchemaPlace]? {
        let given = leaves.compactMap { $0.child("additionalProperties") }
        if given.contains(where: { $0.value == .bool(false) }) { return nil }
        guard given.isEmpty else { return given }
        return leaves.contains { $0.value["properties"] != nil } ? nil : [.any]
    }

    private static func fields(_ keyword: String, of schema: SchemaPlace) throws(ConstraintError) -> JSONObject {
        guard let value = schema.value[keyword] else { return JSONObject() }
        guard let fields = value.objectValue else { throw schema.problem("\(quoted(keyword)) should be an object") }
        return fields
    }
}

extension SchemaGrammar {
    private static let propertyRuleLimit = 100_000
    /// Characters of a listed name beside names that are not listed.
    private static let nameLimit = 500

    /// The objects that `leaves` allow. Listed properties come in order, others after them.
    mutating func objects(_ leaves: [SchemaPlace]) throws(ConstraintError) -> GrammarNode {
        let limits = try ObjectLimits(leaves)
        var properties: [Property] = []
        for (name, schemas) in limits.properties {
            properties.append(
                Property(name: name, value: try node(schemas), isRequired: limits.required.contains(name)))
        }
        guard limits.others == nil || limits.minimum <= limits.required.count else {
            throw leaves[0].problem("'minProperties' is not supported with properties of any name")
        }
        let counts = min(max(limits.minimum, limits.maximum ?? 0, 1), properties.count)
        guard properties.count * counts <= Self.propertyRuleLimit else {
            throw .tooLarge(limit: Self.propertyRuleLimit)
        }
        let other = try limits.others.map { schemas throws(ConstraintError) in try self.other(properties, schemas) }
        var list = PropertyList(properties, other: other, minimum: limits.minimum, maximum: limits.maximum, space())
        let space = space()
        return .sequence([.literal("{"), space, list.node(in: &grammar), space, .literal("}")])
    }

    /// A property whose name is not listed.
    private mutating func other(
        _ properties: [Property], _ schemas: [SchemaPlace]
    ) throws(ConstraintError) -> GrammarNode {
        guard properties.allSatisfy({ $0.name.unicodeScalars.count <= Self.nameLimit }) else {
            throw schemas[0].problem(
                "a name of more than \(Self.nameLimit) characters beside other names is not supported")
        }
        let value = try node(schemas)
        let name = NameGrammar(excluded: properties.map(\.name)).node(character: character(), in: &grammar)
        return grammar.add("property", .sequence([.literal("\""), name, .literal("\":"), space(), value]))
    }
}

/// The properties of an object from a place on: some may be left out, and only the first has no comma before it.
private struct PropertyList {
    private let properties: [Property]
    private let other: GrammarNode?
    private let minimum: Int
    private let maximum: Int?
    private let space: GrammarNode
    private var rules: [Key: GrammarNode] = [:]

    private struct Key: Hashable {
        let index: Int
        /// Properties before, as far as limits depend on it.
        let count: Int
    }

    init(_ properties: [Property], other: GrammarNode?, minimum: Int, maximum: Int?, _ space: GrammarNode) {
        (self.properties, self.other, self.space) = (properties, other, space)
        (self.minimum, self.maximum) = (minimum, maximum)
    }

    mutating func node(in grammar: inout Grammar) -> GrammarNode {
        // From the back, so that nothing recurs deeply.
        let counts = max(1, minimum, maximum ?? 0)
        for index in (0...properties.count).reversed() {
            for count in 0...min(counts, index == 0 ? 0 : index) {
                rules[Key(index: index, count: count)] = node(at: index, count, saturation: counts, in: &grammar)
            }
        }
        return rules[Key(index: 0, count: 0)] ?? .nothing
    }

    private func node(at index: Int, _ count: Int, saturation: Int, in grammar: inout Grammar) -> GrammarNode {
        let comma = count > 0 ? GrammarNode.sequence([.literal(","), space]) : .empty
        guard index < properties.count else { return end(count, comma) }
        let property = properties[index]
        var parts: [GrammarNode] = []
        if maximum.map({ count < $0 }) ?? true,
            let rest = rules[Key(index: index + 1, count: min(count + 1, saturation))]
        {
            let name = GrammarNode.literal(JSONValue.string(property.name).text + ":")
            parts.append(.sequence([comma, name, space, property.value, rest]))
        }
        if !property.isRequired, let rest = rules[Key(index: index + 1, count: count)] { parts.append(rest) }
        return grammar.add("properties from \(index)", .choice(parts))
    }

    private func end(_ count: Int, _ comma: GrammarNode) -> GrammarNode {
        guard let other else { return count >= minimum ? .empty : .nothing }
        let next = GrammarNode.sequence([.literal(","), space, other])
        let left = maximum.map { $0 - count }
        if let left, left <= 0 { return .empty }
        guard count == 0 else { return .repetition(next, minimum: 0, maximum: left) }
        return .optional(.sequence([other, .repetition(next, minimum: 0, maximum: left.map { $0 - 1 })]))
    }
}
