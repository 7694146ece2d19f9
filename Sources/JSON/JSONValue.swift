/// One JSON value, with every field of the file kept, known to this program or not.
package enum JSONValue: Sendable, Equatable {
    case object(JSONObject)
    case array([JSONValue])
    case string(String)
    /// A number written without fraction and exponent that fits 64 bits.
    case int(Int)
    /// Any other number; always finite when parsed.
    case double(Double)
    case bool(Bool)
    case null
}

extension JSONValue {
    /// The field of an object, or nil where this is no object or has no such field.
    package subscript(field: String) -> JSONValue? { objectValue?[field] }

    /// The fields, or nil where this is no object.
    package var objectValue: JSONObject? {
        if case .object(let fields) = self { fields } else { nil }
    }

    /// The elements, or nil where this is no array.
    package var arrayValue: [JSONValue]? {
        if case .array(let elements) = self { elements } else { nil }
    }

    /// The text, or nil where this is no string.
    package var stringValue: String? {
        if case .string(let text) = self { text } else { nil }
    }

    /// The whole number, or nil where this is none (`1.0` is none).
    package var intValue: Int? {
        if case .int(let number) = self { number } else { nil }
    }

    /// The number, whole or not, or nil where this is none.
    package var doubleValue: Double? {
        switch self {
        case .int(let number): Double(number)
        case .double(let number): number
        default: nil
        }
    }

    /// The truth value, or nil where this is none.
    package var boolValue: Bool? {
        if case .bool(let truth) = self { truth } else { nil }
    }

    /// Whether this is `null`.
    package var isNull: Bool { self == .null }
}

extension JSONValue: ExpressibleByStringLiteral {
    /// A literal in code stands for a string.
    package init(stringLiteral value: String) { self = .string(value) }
}

extension JSONValue: ExpressibleByArrayLiteral {
    public init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
}

extension JSONValue: ExpressibleByDictionaryLiteral {
    /// An object with its fields in the literal's order.
    public init(dictionaryLiteral elements: (String, JSONValue)...) {
        var object = JSONObject()
        for (name, value) in elements { object[name] = value }
        self = .object(object)
    }
}

extension JSONValue: CustomStringConvertible {
    /// A short form for messages: long strings are cut, the inside of containers is only counted.
    package var description: String {
        switch self {
        case .object(let fields): "an object of \(fields.count) fields"
        case .array(let elements): "an array of \(elements.count) elements"
        case .string(let text): quoted(text)
        case .int(let number): String(number)
        case .double(let number): String(number)
        case .bool(let truth): truth ? "true" : "false"
        case .null: "null"
        }
    }
}
