import JSON

/// What is easily seen of the values that fulfil several schemas: their types, and the values that are listed.
struct SchemaShape {
    let types: Set<SchemaType>
    /// The only values; nil if they are not listed.
    let values: [JSONValue]?
    /// The listed values of required properties.
    private let constants: [String: [JSONValue]]
    private let required: Set<String>
    /// The only properties; nil if there may be others.
    private let closed: Set<String>?

    init(_ leaves: [SchemaPlace]) {
        types = leaves.reduce(Set(SchemaType.allCases)) { $0.intersection(Self.types(of: $1.value)) }
        values = leaves.reduce(nil) { Self.common($0, Self.values(of: $1.value)) }
        required = Set(
            leaves.flatMap { $0.value["required"]?.arrayValue ?? [] }.compactMap(\.stringValue))
        var constants: [String: [JSONValue]] = [:]
        for leaf in leaves {
            for (name, property) in leaf.value["properties"]?.objectValue ?? JSONObject() where required.contains(name)
            {
                if let values = Self.common(constants[name], Self.values(of: property)) { constants[name] = values }
            }
        }
        self.constants = constants
        closed = leaves.reduce(nil) { known, leaf in
            guard leaf.value["additionalProperties"] == .bool(false) else { return known }
            let names = Set((leaf.value["properties"]?.objectValue ?? JSONObject()).map(\.name))
            return known?.intersection(names) ?? names
        }
    }

    /// Whether certainly no value fulfils both.
    func isDisjoint(from other: SchemaShape) -> Bool {
        if let values, let others = other.values { return !values.contains { others.contains($0) } }
        if let values { return values.allSatisfy { !other.types.contains(holding: $0) } }
        if let others = other.values { return others.allSatisfy { !types.contains(holding: $0) } }
        let common = types.widened.intersection(other.types.widened)
        return common.isEmpty || (common == [.object] && hasOtherProperties(than: other))
    }

    private func hasOtherProperties(than other: SchemaShape) -> Bool {
        let differ = constants.contains { name, values in
            other.constants[name].map { others in !values.contains { others.contains($0) } } ?? false
        }
        func lacks(_ one: SchemaShape, _ two: SchemaShape) -> Bool {
            two.closed.map { !one.required.isSubset(of: $0) } ?? false
        }
        return differ || lacks(self, other) || lacks(other, self)
    }

    /// The types that a schema names, or that its keywords are about.
    static func types(of schema: JSONValue) -> Set<SchemaType> {
        var types = Set(SchemaType.allCases)
        if let name = schema["type"]?.stringValue {
            types = Set([SchemaType(rawValue: name)].compactMap(\.self))
        } else if let names = schema["type"]?.arrayValue {
            types = Set(names.compactMap { $0.stringValue.flatMap(SchemaType.init) })
        } else {
            return types
        }
        if types.contains(.number) { types.insert(.integer) }
        if schema["nullable"] == .bool(true) { types.insert(.null) }
        return types
    }

    private static func values(of schema: JSONValue) -> [JSONValue]? {
        common(schema["const"].map { [$0] }, schema["enum"]?.arrayValue)
    }

    private static func common(_ left: [JSONValue]?, _ right: [JSONValue]?) -> [JSONValue]? {
        guard let left, let right else { return left ?? right }
        return left.filter { right.contains($0) }
    }
}

extension Set<SchemaType> {
    /// The types with `number` in place of `integer`.
    fileprivate var widened: Set<SchemaType> {
        contains(.integer) ? union([.number]).subtracting([.integer]) : self
    }

    /// Whether a value's type is one of these.
    func contains(holding value: JSONValue) -> Bool {
        switch value {
        case .null: contains(.null)
        case .bool: contains(.boolean)
        case .int: contains(.integer) || contains(.number)
        case .double(let number):
            contains(.number) || (contains(.integer) && number == number.rounded())
        case .string: contains(.string)
        case .array: contains(.array)
        case .object: contains(.object)
        }
    }
}
