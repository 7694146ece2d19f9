import JSON

/// Builds the grammar of the JSON texts that fulfil a schema.
struct SchemaGrammar {
    var grammar: Grammar
    private var reader: SchemaReader
    /// Rules by the pointers of the schemas that they fulfil.
    private var rules: [[String]: Int] = [:]
    /// Rules that are not defined yet. Defining them in turn keeps the stack flat, however schemas refer to each other.
    private var pending: [(rule: Int, schemas: [SchemaPlace])] = []
    private var parts: [Part: GrammarNode] = [:]

    private static let ruleLimit = 50_000

    /// Parts that many schemas share.
    enum Part: Hashable {
        case space, character, anyText
    }

    /// - Throws: `ConstraintError.schema` that names what cannot be kept.
    static func grammar(_ schema: JSONValue) throws(ConstraintError) -> Grammar {
        var grammar = Grammar()
        grammar.start = try add(schema, to: &grammar)
        return grammar
    }

    /// Adds the rules of a schema to `grammar`.
    static func add(_ schema: JSONValue, to grammar: inout Grammar) throws(ConstraintError) -> GrammarNode {
        try add(SchemaPlace(pointer: "#", value: schema), in: schema, to: &grammar)
    }

    /// Adds the rules of a schema in the document `root` to `grammar`.
    static func add(
        _ schema: SchemaPlace, in root: JSONValue, to grammar: inout Grammar
    ) throws(ConstraintError) -> GrammarNode {
        var builder = SchemaGrammar(grammar: grammar, reader: SchemaReader(root: root))
        let node = try builder.node([schema])
        while let next = builder.pending.popLast() { try builder.define(next.rule, next.schemas) }
        grammar = builder.grammar
        return node
    }

    private init(grammar: Grammar, reader: SchemaReader) {
        (self.grammar, self.reader) = (grammar, reader)
    }

    /// The values that fulfil all of `schemas`.
    mutating func node(_ schemas: [SchemaPlace]) throws(ConstraintError) -> GrammarNode {
        let key = Set(schemas.map(\.pointer)).sorted()
        if let known = rules[key] { return .rule(known) }
        guard rules.count < Self.ruleLimit, grammar.rules.count < 4 * Self.ruleLimit else {
            throw .tooLarge(limit: Self.ruleLimit)
        }
        let rule = grammar.declare(key.first ?? "any")
        rules[key] = rule
        pending.append((rule, schemas))
        return .rule(rule)
    }

    private mutating func define(_ rule: Int, _ schemas: [SchemaPlace]) throws(ConstraintError) {
        var nodes: [GrammarNode] = []
        for alternative in try reader.alternatives(schemas) { nodes.append(try node(of: alternative.leaves)) }
        grammar.define(rule, as: .choice(nodes))
    }

    /// The values that fulfil all of `leaves`, none of which combines others.
    private mutating func node(of leaves: [SchemaPlace]) throws(ConstraintError) -> GrammarNode {
        for leaf in leaves { try checkTypes(of: leaf) }
        let shape = SchemaShape(leaves)
        if let values = shape.values {
            var allowed: [GrammarNode] = []
            for value in values where shape.types.contains(holding: value) {
                if try SchemaValues.hold(value, leaves) { allowed.append(.literal(value.text)) }
            }
            return .choice(allowed)
        }
        var types = shape.types
        if !leaves.contains(where: { $0.value["type"] != nil }) { types = Self.impliedTypes(leaves) ?? types }
        var nodes: [GrammarNode] = []
        for type in SchemaType.allCases where types.contains(type) {
            switch type {
            case .null: nodes.append(.literal("null"))
            case .boolean: nodes.append(.choice([.literal("true"), .literal("false")]))
            case .integer where types.contains(.number): break
            case .integer, .number: nodes.append(try numbers(leaves, isInteger: type == .integer))
            case .string: nodes.append(try strings(leaves))
            case .array: nodes.append(try arrays(leaves))
            case .object: nodes.append(try objects(leaves))
            }
        }
        return .choice(nodes)
    }

    /// Without `type`, the types that the keywords are about; nil if there are none.
    private static func impliedTypes(_ leaves: [SchemaPlace]) -> Set<SchemaType>? {
        let types = SchemaKeywords.byType.filter { group in
            leaves.contains { leaf in group.names.contains { leaf.value[$0] != nil } }
        }.map(\.type)
        return types.isEmpty ? nil : Set(types)
    }

    private func checkTypes(of schema: SchemaPlace) throws(ConstraintError) {
        guard let type = schema.value["type"] else { return }
        for name in type.arrayValue ?? [type] {
            guard let text = name.stringValue, SchemaType(rawValue: text) != nil else {
                throw schema.problem(
                    "the type \(name) is unknown; give null, boolean, integer, number, string, array or object")
            }
        }
    }

    /// A part that is built once.
    mutating func part(_ part: Part, _ build: () -> GrammarNode) -> GrammarNode {
        if let known = parts[part] { return known }
        let node = grammar.add("\(part)", build())
        parts[part] = node
        return node
    }

    /// The white space between values: none, a space, or a line's end with up to 16 spaces.
    mutating func space() -> GrammarNode {
        part(.space) {
            .choice([
                .empty, .literal(" "),
                .sequence([
                    .literal("\n"), .repetition(.bytes(ByteSet(UInt8(ascii: " "))), minimum: 0, maximum: 16),
                ]),
            ])
        }
    }
}
