/// `a.name`.
final class Attribute: Expression {
    private let owner: any Expression
    private let name: Text
    let line: Int

    init(_ owner: any Expression, _ name: Text, line: Int) {
        (self.owner, self.name, self.line) = (owner, name, line)
    }

    func forEachChild(_ visit: (any Node) -> Void) { visit(owner) }

    func value(_ run: Run) throws(TemplateError) -> Value {
        let owner = try owner.nestedValue(run)
        run.line = line
        return try owner.attributeOrItem(name, run)
    }
}

/// `a[b]`.
final class Subscript: Expression {
    private let owner: any Expression
    private let key: any Expression
    let line: Int

    init(_ owner: any Expression, _ key: any Expression, line: Int) {
        (self.owner, self.key, self.line) = (owner, key, line)
    }

    func forEachChild(_ visit: (any Node) -> Void) {
        visit(owner)
        visit(key)
    }

    func value(_ run: Run) throws(TemplateError) -> Value {
        let owner = try owner.nestedValue(run)
        let key = try key.nestedValue(run)
        run.line = line
        return try owner.itemOrAttribute(key, run)
    }
}

/// `a[b:c:d]`.
final class Slice: Expression {
    private let owner: any Expression
    private let start: (any Expression)?
    private let stop: (any Expression)?
    private let step: (any Expression)?
    let line: Int

    init(
        _ owner: any Expression, start: (any Expression)?, stop: (any Expression)?, step: (any Expression)?, line: Int
    ) {
        (self.owner, self.start, self.stop, self.step, self.line) = (owner, start, stop, step, line)
    }

    func forEachChild(_ visit: (any Node) -> Void) {
        visit(owner)
        for part in [start, stop, step] { if let part { visit(part) } }
    }

    func value(_ run: Run) throws(TemplateError) -> Value {
        let owner = try owner.nestedValue(run)
        let start = try start?.nestedValue(run)
        let stop = try stop?.nestedValue(run)
        let step = try step?.nestedValue(run)
        run.line = line
        return try owner.sliced(start, stop, step, run)
    }
}

/// The arguments of a call, unevaluated.
struct CallArguments: Sendable {
    var positional: [any Expression] = []
    var named: [(name: Text, value: any Expression)] = []
    /// `*a`.
    var allPositional: (any Expression)?
    /// `**a`.
    var allNamed: (any Expression)?

    func forEachChild(_ visit: (any Node) -> Void) {
        positional.forEach { visit($0) }
        named.forEach { visit($0.value) }
        if let allPositional { visit(allPositional) }
        if let allNamed { visit(allNamed) }
    }

    func values(_ run: Run) throws(TemplateError) -> Arguments {
        var arguments = Arguments()
        for argument in positional { arguments.positional.append(try argument.nestedValue(run)) }
        for (name, value) in named { arguments.named.append((name, try value.nestedValue(run))) }
        if let allPositional {
            arguments.positional += try allPositional.nestedValue(run).elements(run)
        }
        if let allNamed {
            guard case .mapping(let mapping) = try allNamed.nestedValue(run) else {
                throw run.failure("the value after ** must be a mapping")
            }
            for (key, value) in zip(mapping.keys, mapping.values) {
                guard let name = key.text else { throw run.failure("keywords must be strings") }
                try run.spend(1 + arguments.named.count / 4)
                guard !arguments.named.contains(where: { $0.name == name }) else {
                    throw run.failure("multiple values for keyword argument '\(name.string)'")
                }
                arguments.named.append((name, value))
            }
        }
        return arguments
    }
}

/// `a(…)`.
final class Call: Expression {
    private let callee: any Expression
    private let arguments: CallArguments
    let line: Int

    init(_ callee: any Expression, _ arguments: CallArguments, line: Int) {
        (self.callee, self.arguments, self.line) = (callee, arguments, line)
    }

    func forEachChild(_ visit: (any Node) -> Void) {
        visit(callee)
        arguments.forEachChild(visit)
    }

    func value(_ run: Run) throws(TemplateError) -> Value { try value(run, caller: nil) }

    /// - Parameter caller: the body of a `{% call %}` block.
    func value(_ run: Run, caller: Macro?) throws(TemplateError) -> Value {
        let callee = try callee.nestedValue(run)
        var values = try arguments.values(run)
        if let caller { values.named.append(("caller", .object(caller))) }
        run.line = line
        return try run.call(callee, values)
    }
}

/// `a|name(…)`.
final class Filter: Expression {
    let name: String
    /// nil for the innermost filter of a filter block, whose text is then the operand.
    private let operand: (any Expression)?
    private let arguments: CallArguments
    private let body: FilterBody?
    let line: Int

    init(_ name: String, of operand: (any Expression)?, _ arguments: CallArguments, line: Int) {
        (self.name, self.operand, self.arguments, self.line) = (name, operand, arguments, line)
        body = Filters.all[name]
    }

    var exists: Bool { body != nil }

    func forEachChild(_ visit: (any Node) -> Void) {
        if let operand { visit(operand) }
        arguments.forEachChild(visit)
    }

    func value(_ run: Run) throws(TemplateError) -> Value { try value(run, of: .string(.empty)) }

    /// - Parameter block: the text of the filter block.
    func value(_ run: Run, of block: Value) throws(TemplateError) -> Value {
        guard let body else { throw .failed(line: line, problem: "no filter named '\(name)'") }
        let operand =
            switch self.operand {
            case nil: block
            case let filter as Filter: try filter.value(run, of: block)
            case let operand?: try operand.nestedValue(run)
            }
        let arguments = try arguments.values(run)
        run.line = line
        try run.scan(operand)
        return try body(operand, arguments, run)
    }
}

/// `a is name(…)`.
final class TestExpression: Expression {
    let name: String
    private let operand: any Expression
    private let arguments: CallArguments
    private let body: TestBody?
    let line: Int

    init(_ name: String, of operand: any Expression, _ arguments: CallArguments, line: Int) {
        (self.name, self.operand, self.arguments, self.line) = (name, operand, arguments, line)
        body = Checks.all[name]
    }

    var exists: Bool { body != nil }

    func forEachChild(_ visit: (any Node) -> Void) {
        visit(operand)
        arguments.forEachChild(visit)
    }

    func value(_ run: Run) throws(TemplateError) -> Value {
        guard let body else { throw .failed(line: line, problem: "no test named '\(name)'") }
        let operand = try operand.nestedValue(run)
        let arguments = try arguments.values(run)
        run.line = line
        try run.scan(operand)
        return .bool(try body(operand, arguments, run))
    }
}
