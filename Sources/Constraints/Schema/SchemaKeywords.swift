import JSON

/// The types of JSON values, as schemas name them.
enum SchemaType: String, CaseIterable, Sendable {
    case null, boolean, integer, number, string, array, object
}

/// What a schema's keywords mean to a constraint.
enum SchemaKeywords {
    /// Keywords that apply to values of one type, by type.
    static let byType: [(type: SchemaType, names: [String])] = [
        (.object, ["properties", "required", "additionalProperties", "minProperties", "maxProperties"]),
        (.array, ["items", "prefixItems", "minItems", "maxItems"]),
        (.string, ["minLength", "maxLength", "pattern", "format"]),
        (.number, ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"]),
    ]

    /// Keywords that restrict values in ways that cannot be kept.
    private static let unsupported: Set = [
        "not", "if", "then", "else", "dependentRequired", "dependentSchemas", "dependencies", "patternProperties",
        "propertyNames", "unevaluatedItems", "unevaluatedProperties", "contains", "minContains", "maxContains",
        "additionalItems", "$dynamicRef", "$recursiveRef",
    ]

    /// - Throws: `ConstraintError.schema` naming a keyword that cannot be kept.
    static func check(_ schema: SchemaPlace, _ fields: JSONObject) throws(ConstraintError) {
        for (name, value) in fields {
            // Neither an empty object nor `true` restricts anything here.
            if unsupported.contains(name), !isHarmless(name, value) { throw schema.unsupported(name) }
        }
        if fields["uniqueItems"] == .bool(true) { throw schema.unsupported("uniqueItems") }
    }

    private static func isHarmless(_ name: String, _ value: JSONValue) -> Bool {
        switch name {
        case "patternProperties", "dependentRequired", "dependentSchemas", "dependencies": value == [:]
        case "propertyNames", "unevaluatedItems", "unevaluatedProperties", "additionalItems":
            value == [:] || value == .bool(true) || value == ["type": "string"] && name == "propertyNames"
        case "then", "else": false
        default: false
        }
    }
}
