/// One value of a tokenizer's JSON file.
///
/// An object keeps its fields as a list, because a Swift dictionary would take two names that are canonically
/// equivalent for the same one, and a vocabulary may hold both.
enum JSONNode: Sendable {
    case object([(name: String, value: JSONNode)])
    case array([JSONNode])
    case string(String)
    /// A number written without fraction and exponent that fits 64 bits.
    case int(Int)
    /// Any other number.
    case double(Double)
    case bool(Bool)
    case null
}

extension JSONNode {
    /// An object's field, the last of that name, or nil where there is none or this is no object.
    subscript(name: StaticString) -> JSONNode? {
        guard case .object(let fields) = self else { return nil }
        return name.withUTF8Buffer { wanted in fields.last { $0.name.utf8.elementsEqual(wanted) }?.value }
    }

    var objectValue: [(name: String, value: JSONNode)]? {
        if case .object(let fields) = self { fields } else { nil }
    }

    var arrayValue: [JSONNode]? {
        if case .array(let elements) = self { elements } else { nil }
    }

    var stringValue: String? {
        if case .string(let text) = self { text } else { nil }
    }

    var intValue: Int? {
        if case .int(let number) = self { number } else { nil }
    }

    var boolValue: Bool? {
        if case .bool(let truth) = self { truth } else { nil }
    }

    var isNull: Bool {
        if case .null = self { true } else { false }
    }
}

extension JSONNode: CustomStringConvertible {
    /// A short form for messages: long strings are cut, the inside of containers is only counted.
    var description: String {
        switch self {
        case .object(let fields): "an object of \(fields.count) fields"
        case .array(let elements): "a list of \(elements.count) elements"
        case .string(let text): quoted(text)
        case .int(let number): String(number)
        case .double(let number): String(number)
        case .bool(let truth): truth ? "true" : "false"
        case .null: "null"
        }
    }
}
