/// An assignment target.
indirect enum Target: Sendable {
    case name(Name)
    case attribute(NamespaceAttribute)
    case tuple([Target], line: Int)

    func forEachNode(_ visit: (any Node) -> Void) {
        switch self {
        case .name(let name): visit(name)
        case .attribute(let attribute): visit(attribute)
        case .tuple(let targets, _): targets.forEach { $0.forEachNode(visit) }
        }
    }

    /// The same target with its names declared as parameters, as a `with` block binds them.
    var asParameter: Target {
        switch self {
        case .name(let name): .name(name.asParameter)
        case .attribute: self
        case .tuple(let targets, let line): .tuple(targets.map(\.asParameter), line: line)
        }
    }

    func assign(_ value: Value, _ run: Run) throws(TemplateError) {
        switch self {
        case .name(let name): run[run.layout.addresses[name.id]] = value
        case .attribute(let attribute): try attribute.assign(value, run)
        case .tuple(let targets, _):
            let values = try value.elements(run)
            guard values.count == targets.count else {
                throw run.failure("cannot unpack \(values.count) values into \(targets.count) names")
            }
            for (target, value) in zip(targets, values) { try target.assign(value, run) }
        }
    }
}

/// `a.b` as an assignment target, where `a` is a namespace.
final class NamespaceAttribute: Expression {
    let owner: Name
    private let name: Text
    let line: Int

    init(_ owner: Name, _ name: Text, line: Int) { (self.owner, self.name, self.line) = (owner, name, line) }

    func forEachChild(_ visit: (any Node) -> Void) { visit(owner) }

    func value(_ run: Run) throws(TemplateError) -> Value { try owner.value(run).attributeOrItem(name, run) }

    func namespace(_ run: Run) throws(TemplateError) -> Namespace {
        guard case .object(let object) = try owner.value(run), let namespace = object as? Namespace else {
            throw run.failure("cannot set the attribute '\(name.string)' of '\(owner.name)': it is not a namespace")
        }
        return namespace
    }

    func assign(_ value: Value, _ run: Run) throws(TemplateError) {
        try run.charge(4 * MemoryLayout<Value>.stride)
        try namespace(run).set(name, value, run)
    }
}

/// `{% set a = b %}`.
final class Assign: Statement {
    let target: Target
    let expression: any Expression
    let line: Int

    init(_ target: Target, _ expression: any Expression, line: Int) {
        (self.target, self.expression, self.line) = (target, expression, line)
    }

    func forEachChild(_ visit: (any Node) -> Void) {
        target.forEachNode(visit)
        visit(expression)
    }

    func execute(_ run: Run) throws(TemplateError) -> Flow {
        run.line = line
        try target.checkNamespaces(run)
        let value = try expression.nestedValue(run)
        run.line = line
        try target.assign(value, run)
        return .next
    }
}

extension Target {
    /// Throws if the target sets an attribute of anything but a namespace.
    fileprivate func checkNamespaces(_ run: Run) throws(TemplateError) {
        switch self {
        case .name: break
        case .attribute(let attribute): _ = try attribute.namespace(run)
        case .tuple(let targets, _): for target in targets { try target.checkNamespaces(run) }
        }
    }
}

/// `{% set a %} … {% endset %}`.
final class AssignBlock: Statement {
    let target: Target
    let filter: Filter?
    let body: [any Statement]
    let scope: Int
    let line: Int

    init(_ target: Target, filter: Filter?, body: [any Statement], scope: Int, line: Int) {
        (self.target, self.filter, self.body, self.scope, self.line) = (target, filter, body, scope, line)
    }

    func forEachChild(_ visit: (any Node) -> Void) {
        target.forEachNode(visit)
        if let filter { visit(filter) }
        body.forEach { visit($0) }
    }

    func execute(_ run: Run) throws(TemplateError) -> Flow {
        run.enter(scope)
        defer { run.leave(scope) }
        let (text, flow) = try run.captured { () throws(TemplateError) in try body.execute(run) }
        guard flow == .next else { return flow }
        let value = try filter.map { (filter) throws(TemplateError) in try filter.value(run, of: .string(text)) }
        run.line = line
        try target.assign(value ?? .string(text), run)
        return .next
    }
}
