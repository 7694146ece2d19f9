import Foundation
import JSON

/// Judges values by a schema as its specification says, apart from the grammar.
struct SchemaOracle {
    let root: JSONValue

    func isValid(_ value: JSONValue, _ schema: JSONValue) -> Bool {
        if case .bool(let truth) = schema { return truth }
        if let reference = schema["$ref"]?.stringValue, !isValid(value, target(reference)) { return false }
        if let all = schema["allOf"]?.arrayValue, !all.allSatisfy({ isValid(value, $0) }) { return false }
        if let any = schema["anyOf"]?.arrayValue, !any.contains(where: { isValid(value, $0) }) { return false }
        if let one = schema["oneOf"]?.arrayValue, one.count(where: { isValid(value, $0) }) != 1 { return false }
        if let values = schema["enum"]?.arrayValue, !values.contains(value) { return false }
        if let constant = schema["const"], constant != value { return false }
        if let type = schema["type"], !hasType(value, type, isNullable: schema["nullable"] == .bool(true)) {
            return false
        }
        switch value {
        case .string(let text): return isValid(text, schema)
        case .int, .double: return isValid(value.doubleValue ?? .nan, schema)
        case .array(let elements): return isValid(elements, schema)
        case .object(let fields): return isValid(fields, schema)
        default: return true
        }
    }

    private func target(_ reference: String) -> JSONValue {
        reference.split(separator: "/").dropFirst().reduce(root) { $0[String($1)] ?? .bool(false) }
    }

    private func hasType(_ value: JSONValue, _ type: JSONValue, isNullable: Bool) -> Bool {
        (type.arrayValue ?? [type]).contains { name in
            switch (name.stringValue, value) {
            case ("null", .null), ("boolean", .bool), ("string", .string), ("array", .array), ("object", .object),
                ("number", .int), ("number", .double), ("integer", .int):
                true
            case ("integer", .double(let number)): number == number.rounded()
            default: isNullable && value.isNull
            }
        }
    }

    private func isValid(_ text: String, _ schema: JSONValue) -> Bool {
        let count = text.unicodeScalars.count
        if let least = schema["minLength"]?.intValue, count < least { return false }
        if let most = schema["maxLength"]?.intValue, count > most { return false }
        guard let pattern = schema["pattern"]?.stringValue else { return true }
        return text.range(of: pattern, options: .regularExpression) != nil
    }

    private func isValid(_ number: Double, _ schema: JSONValue) -> Bool {
        func limit(_ name: String) -> Double? { schema[name]?.doubleValue }
        if let least = limit("minimum"), number < least { return false }
        if let most = limit("maximum"), number > most { return false }
        if let least = limit("exclusiveMinimum"), number <= least { return false }
        if let most = limit("exclusiveMaximum"), number >= most { return false }
        if let divisor = limit("multipleOf"), number.remainder(dividingBy: divisor) != 0 { return false }
        return true
    }

    private func isValid(_ elements: [JSONValue], _ schema: JSONValue) -> Bool {
        if let least = schema["minItems"]?.intValue, elements.count < least { return false }
        if let most = schema["maxItems"]?.intValue, elements.count > most { return false }
        let prefix = schema["prefixItems"]?.arrayValue ?? []
        return elements.enumerated().allSatisfy { index, element in
            isValid(element, index < prefix.count ? prefix[index] : schema["items"] ?? .bool(true))
        }
    }

    private func isValid(_ fields: JSONObject, _ schema: JSONValue) -> Bool {
        if let least = schema["minProperties"]?.intValue, fields.count < least { return false }
        if let most = schema["maxProperties"]?.intValue, fields.count > most { return false }
        for name in schema["required"]?.arrayValue ?? [] {
            guard let name = name.stringValue, fields[name] != nil else { return false }
        }
        return fields.allSatisfy { name, value in
            isValid(value, schema["properties"]?[name] ?? schema["additionalProperties"] ?? .bool(true))
        }
    }
}
