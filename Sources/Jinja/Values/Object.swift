/// A value with its own behaviour: function, method, macro, loop, namespace, range, view or generator.
class Object {
    /// Nesting depth of containers and objects, this one included. Bounds the recursion of visiting or freeing it.
    let depth: Int

    init(depth: Int = 1) { self.depth = depth }

    var typeName: String { "object" }

    /// Python's `repr`.
    func representation(_ run: Run) throws(TemplateError) -> Text { Text("<\(typeName)>") }

    /// An attribute, or nil if there is none.
    func attribute(_ name: Text, _ run: Run) throws(TemplateError) -> Value? { nil }

    /// `object[key]`, or nil if that fails.
    func element(_ key: Value, _ run: Run) throws(TemplateError) -> Value? { nil }

    var isCallable: Bool { false }
    var isHashable: Bool { true }

    func call(_ arguments: Arguments, _ run: Run) throws(TemplateError) -> Value {
        throw run.failure("'\(typeName)' object is not callable")
    }

    /// `len(object)`, or nil if it has no length.
    func length(_ run: Run) throws(TemplateError) -> Int? { nil }

    /// An iterator over the elements; nil if the value is not iterable.
    func iterator(_ run: Run) throws(TemplateError) -> ValueIterator? { nil }

    func equals(_ other: Object, _ run: Run) throws(TemplateError) -> Bool { self === other }
}

/// A function that templates can call by name.
final class Function: Object {
    typealias Body = @Sendable (Arguments, Run) throws(TemplateError) -> Value

    let name: String
    private let body: Body

    init(_ name: String, depth: Int = 1, _ body: @escaping Body) {
        self.name = name
        self.body = body
        super.init(depth: depth)
    }

    override var typeName: String { "function" }
    override var isCallable: Bool { true }
    override func call(_ arguments: Arguments, _ run: Run) throws(TemplateError) -> Value { try body(arguments, run) }
    override func representation(_ run: Run) throws(TemplateError) -> Text { Text("<function \(name)>") }
}

/// A method bound to its owner.
final class Method: Object {
    typealias Body = @Sendable (Value, Arguments, Run) throws(TemplateError) -> Value

    private let owner: Value
    private let name: String
    private let body: Body

    init(_ name: String, of owner: Value, _ body: @escaping Body) {
        self.owner = owner
        self.name = name
        self.body = body
        super.init(depth: owner.depth + 1)
    }

    override var typeName: String { "builtin_function_or_method" }
    override var isCallable: Bool { true }
    override func call(_ arguments: Arguments, _ run: Run) throws(TemplateError) -> Value {
        try body(owner, arguments, run)
    }
    override func representation(_ run: Run) throws(TemplateError) -> Text {
        Text("<built-in method \(name) of \(owner.typeName) object>")
    }
}

/// The value of `namespace()`, the only value with assignable attributes.
final class Namespace: Object, Clearable {
    private var attributes = MappingValue()

    init(_ attributes: MappingValue) {
        self.attributes = attributes
        super.init()
    }

    override var typeName: String { "Namespace" }

    override func attribute(_ name: Text, _ run: Run) throws(TemplateError) -> Value? { attributes[name] }

    /// Sets an attribute. transformers refuses names that begin with an underscore.
    func set(_ name: Text, _ value: Value, _ run: Run) throws(TemplateError) {
        try Namespace.check(name, run)
        attributes.set(name, value)
    }

    static func check(_ name: Text, _ run: Run) throws(TemplateError) {
        guard name.utf8.first != UInt8(ascii: "_") else {
            throw run.failure("a namespace cannot have the attribute '\(name.string)': it begins with an underscore")
        }
    }

    /// Releases all values: namespaces can hold each other in cycles and long chains.
    func clear() { attributes = MappingValue() }

    private var isBeingPrinted = false

    override func representation(_ run: Run) throws(TemplateError) -> Text {
        guard !isBeingPrinted else { return "<Namespace {...}>" }
        isBeingPrinted = true
        defer { isBeingPrinted = false }
        return "<Namespace " + (try Value.mapping(attributes).representation(run)) + ">"
    }
}

/// The value of `cycler()`.
final class Cycler: Object {
    private let items: [Value]
    private var position = 0

    init(_ items: [Value]) {
        self.items = items
        super.init(depth: 1 + items.reduce(0) { max($0, $1.depth) })
    }

    override var typeName: String { "Cycler" }

    override func attribute(_ name: Text, _ run: Run) throws(TemplateError) -> Value? {
        switch name {
        case "current": items[position]
        case "pos": .int(position)
        case "items": .tuple(items)
        case "next":
            .object(Method("next", of: .object(self)) { (owner, _, _) throws(TemplateError) in owner.cycler.next() })
        case "reset":
            .object(Method("reset", of: .object(self)) { (owner, _, _) throws(TemplateError) in owner.cycler.reset() })
        default: nil
        }
    }

    private func next() -> Value {
        defer { position = (position + 1) % items.count }
        return items[position]
    }

    private func reset() -> Value {
        position = 0
        return .none
    }
}

extension Value {
    /// The cycler of a method's owner.
    fileprivate var cycler: Cycler {
        guard case .object(let object) = self, let cycler = object as? Cycler else { return Cycler([.none]) }
        return cycler
    }
}

/// The value of `joiner()`: returns nothing at the first call, then the separator.
final class Joiner: Object {
    private let separator: Value
    private var isUsed = false

    init(_ separator: Value) {
        self.separator = separator
        super.init(depth: 1 + separator.depth)
    }

    override var typeName: String { "Joiner" }
    override var isCallable: Bool { true }

    override func call(_ arguments: Arguments, _ run: Run) throws(TemplateError) -> Value {
        try arguments.expectNone(for: "joiner", run)
        defer { isUsed = true }
        return isUsed ? separator : .string(.empty)
    }

    override func attribute(_ name: Text, _ run: Run) throws(TemplateError) -> Value? {
        switch name {
        case "sep": separator
        case "used": .bool(isUsed)
        default: nil
        }
    }
}
