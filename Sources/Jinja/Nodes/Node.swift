/// A node of a template's syntax tree.
protocol Node: AnyObject, Sendable {
    /// The line in the template.
    var line: Int { get }
    /// Visits the children in the order in which jinja2 resolves names.
    func forEachChild(_ visit: (any Node) -> Void)
}

/// A node with a value.
protocol Expression: Node {
    func value(_ run: Run) throws(TemplateError) -> Value
}

/// A node that writes output, assigns or controls the flow.
protocol Statement: Node {
    func execute(_ run: Run) throws(TemplateError) -> Flow
}

/// How execution goes on after a statement.
enum Flow { case next, `break`, `continue` }

extension [any Statement] {
    /// Runs the statements in order until one leaves the loop's body.
    func execute(_ run: Run) throws(TemplateError) -> Flow {
        try run.descend()
        defer { run.ascend() }
        for statement in self {
            try run.spend(1)
            let flow = try statement.execute(run)
            if flow != .next { return flow }
        }
        return .next
    }
}

extension Expression {
    /// Evaluates the expression one level deeper.
    func nestedValue(_ run: Run) throws(TemplateError) -> Value {
        try run.spend(1)
        try run.descend()
        defer { run.ascend() }
        return try value(run)
    }
}

/// A variable that is read or assigned.
final class Name: Expression {
    enum Role { case load, store, parameter }

    let name: String
    /// Index in `Layout.addresses`.
    let id: Int
    let role: Role
    let line: Int

    init(_ name: String, id: Int, _ role: Role, line: Int) {
        (self.name, self.id, self.role, self.line) = (name, id, role, line)
    }

    var stored: Name { Name(name, id: id, .store, line: line) }
    var asParameter: Name { Name(name, id: id, .parameter, line: line) }

    func forEachChild(_ visit: (any Node) -> Void) {}

    func value(_ run: Run) throws(TemplateError) -> Value { run[run.layout.addresses[id]] ?? Undefined.name(name) }
}

/// A literal.
final class Constant: Expression {
    enum Literal: Sendable {
        case none
        case bool(Bool)
        case int(Int)
        case float(Double)
        case string(Text)
    }

    private let literal: Literal
    let line: Int

    init(_ literal: Literal, line: Int) { (self.literal, self.line) = (literal, line) }

    func forEachChild(_ visit: (any Node) -> Void) {}

    func value(_ run: Run) throws(TemplateError) -> Value {
        switch literal {
        case .none: .none
        case .bool(let truth): .bool(truth)
        case .int(let number): .int(number)
        case .float(let number): .float(number)
        case .string(let text): .string(text)
        }
    }
}

/// `[a, b]` or `a, b`.
final class ListLiteral: Expression {
    let elements: [any Expression]
    let isTuple: Bool
    let line: Int

    init(_ elements: [any Expression], isTuple: Bool, line: Int) {
        (self.elements, self.isTuple, self.line) = (elements, isTuple, line)
    }

    func forEachChild(_ visit: (any Node) -> Void) { elements.forEach { visit($0) } }

    func value(_ run: Run) throws(TemplateError) -> Value {
        var values: [Value] = []
        for element in elements { values.append(try element.nestedValue(run)) }
        return isTuple ? try run.make(tuple: values) : try run.make(values)
    }
}

/// `{a: b}`.
final class MappingLiteral: Expression {
    struct Field: Sendable {
        let key: any Expression
        let value: any Expression
    }

    private let fields: [Field]
    let line: Int

    init(_ fields: [Field], line: Int) { (self.fields, self.line) = (fields, line) }

    func forEachChild(_ visit: (any Node) -> Void) {
        for field in fields {
            visit(field.key)
            visit(field.value)
        }
    }

    func value(_ run: Run) throws(TemplateError) -> Value {
        let mapping = MappingValue()
        for field in fields {
            let key = try field.key.nestedValue(run)
            let value = try field.value.nestedValue(run)
            run.line = line
            mapping.set(try run.identity(of: key), key, value)
        }
        try run.charge(fields.count * 4 * MemoryLayout<Value>.stride)
        return try run.checked(.mapping(mapping))
    }
}
