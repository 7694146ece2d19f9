/// A value in a template: the Python types that templates can reach.
///
/// Lists and mappings are immutable, as in the sandbox of `transformers`. Only objects (namespaces, loops) have state.
enum Value {
    case undefined(Undefined)
    case none
    case bool(Bool)
    case int(Int)
    case float(Double)
    case string(Text)
    case list(ListValue)
    case tuple(ListValue)
    case mapping(MappingValue)
    case object(Object)
}

/// The elements of a list or tuple.
final class ListValue {
    let elements: [Value]
    /// Nesting depth of containers, this one included.
    let depth: Int
    /// Whether this is a pair made by `groupby`, whose elements have names.
    let isGroup: Bool

    init(_ elements: [Value], isGroup: Bool = false) {
        self.elements = elements
        self.isGroup = isGroup
        depth = 1 + elements.reduce(0) { max($0, $1.depth) }
    }
}

/// An undefined value. It prints as nothing; most other uses fail with its message.
final class Undefined {
    private enum Kind {
        case name(String)
        case attribute(String, owner: String)
        case element(Text, owner: String)
        case hint(String)
    }

    private let kind: Kind

    private init(_ kind: Kind) { self.kind = kind }

    static func name(_ name: String) -> Value { .undefined(Undefined(.name(name))) }
    static func hint(_ hint: String) -> Value { .undefined(Undefined(.hint(hint))) }

    /// A missing attribute or string key of `owner`.
    static func attribute(_ name: Text, of owner: Value) -> Value {
        .undefined(Undefined(.attribute(name.string, owner: owner.ownerName)))
    }

    /// An attribute that templates may not use.
    static func unsafe(_ name: Text, of owner: Value) -> Value {
        hint("access to attribute '\(name.string)' of '\(owner.typeName)' object is unsafe")
    }

    /// A missing element of `owner`; `key` is its printed form.
    static func element(_ key: Text, of owner: Value) -> Value {
        .undefined(Undefined(.element(key, owner: owner.ownerName)))
    }

    /// One sentence naming what is missing.
    var message: String {
        switch kind {
        case .name(let name): "'\(name)' is undefined"
        case .attribute(let name, let owner): "'\(owner)' has no attribute '\(name)'"
        case .element(let key, let owner): "'\(owner)' has no element \(key.string)"
        case .hint(let hint): hint
        }
    }
}

extension Value {
    static func list(_ elements: [Value]) -> Value { .list(ListValue(elements)) }
    static func tuple(_ elements: [Value]) -> Value { .tuple(ListValue(elements)) }

    /// Nesting depth of containers; 0 for scalars.
    var depth: Int {
        switch self {
        case .list(let list), .tuple(let list): list.depth
        case .mapping(let mapping): mapping.depth
        case .object(let object): object.depth
        default: 0
        }
    }

    /// The name of the value's Python type.
    var typeName: String {
        switch self {
        case .undefined: "Undefined"
        case .none: "NoneType"
        case .bool: "bool"
        case .int: "int"
        case .float: "float"
        case .string: "str"
        case .list: "list"
        case .tuple: "tuple"
        case .mapping: "dict"
        case .object(let object): object.typeName
        }
    }

    /// The value's name in messages about a missing attribute.
    fileprivate var ownerName: String {
        if case .none = self { "None" } else { typeName + " object" }
    }

    /// `bool(value)`.
    func isTrue(_ run: Run) throws(TemplateError) -> Bool {
        switch self {
        case .undefined, .none: false
        case .bool(let truth): truth
        case .int(let number): number != 0
        case .float(let number): number != 0
        case .string(let text): !text.isEmpty
        case .list(let list), .tuple(let list): !list.elements.isEmpty
        case .mapping(let mapping): mapping.count > 0
        case .object(let object): try object.length(run).map { $0 > 0 } ?? true
        }
    }

    /// The integer if this is an int or, as in Python, a bool.
    var integer: Int? {
        switch self {
        case .int(let number): number
        case .bool(let truth): truth ? 1 : 0
        default: nil
        }
    }

    /// The number if this is one of any type.
    var number: Double? {
        if case .float(let number) = self { number } else { integer.map(Double.init) }
    }

    var text: Text? {
        if case .string(let text) = self { text } else { nil }
    }

    var isUndefined: Bool {
        if case .undefined = self { true } else { false }
    }

    var isNone: Bool {
        if case .none = self { true } else { false }
    }
}
