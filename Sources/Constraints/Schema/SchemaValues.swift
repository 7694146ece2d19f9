import JSON

/// Checks the values that `enum` and `const` list against the keywords beside them.
enum SchemaValues {
    /// Whether `value` fulfils all of `schemas` but their `enum`, `const` and `type`.
    ///
    /// - Throws: `ConstraintError.schema` for keywords about arrays and objects beside listed ones.
    static func hold(_ value: JSONValue, _ schemas: [SchemaPlace]) throws(ConstraintError) -> Bool {
        for schema in schemas {
            switch value {
            case .string(let text): guard try holds(text, schema) else { return false }
            case .int, .double: guard holds(value.doubleValue ?? 0, schema) else { return false }
            case .array, .object:
                let type = value.arrayValue == nil ? SchemaType.object : .array
                let names = SchemaKeywords.byType.first { $0.type == type }?.names ?? []
                if let name = names.first(where: { schema.value[$0] != nil }) {
                    throw schema.unsupported("\(name) beside listed values")
                }
            default: break
            }
        }
        return true
    }

    private static func holds(_ text: String, _ schema: SchemaPlace) throws(ConstraintError) -> Bool {
        let count = text.unicodeScalars.count
        if let minimum = try schema.count("minLength"), count < minimum { return false }
        if let maximum = try schema.count("maxLength"), count > maximum { return false }
        for pattern in try StringLimits(schema).patterns {
            guard try TextAutomaton(pattern).accepts(text) else { return false }
        }
        return true
    }

    private static func holds(_ number: Double, _ schema: SchemaPlace) -> Bool {
        func limit(_ name: String) -> Double? { schema.value[name]?.doubleValue }
        if let minimum = limit("minimum"), number < minimum { return false }
        if let maximum = limit("maximum"), number > maximum { return false }
        if let minimum = limit("exclusiveMinimum"), number <= minimum { return false }
        if let maximum = limit("exclusiveMaximum"), number >= maximum { return false }
        if let divisor = limit("multipleOf"), number.truncatingRemainder(dividingBy: divisor) != 0 { return false }
        return true
    }
}
