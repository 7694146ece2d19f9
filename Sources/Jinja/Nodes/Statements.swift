/// Text between tags.
final class Data: Statement {
    private let text: Text
    let line: Int

    init(_ text: Text, line: Int) { (self.text, self.line) = (text, line) }

    func forEachChild(_ visit: (any Node) -> Void) {}

    func execute(_ run: Run) throws(TemplateError) -> Flow {
        try run.write(text)
        return .next
    }
}

/// `{{ a }}`.
final class Output: Statement {
    private let expression: any Expression
    let line: Int

    init(_ expression: any Expression, line: Int) { (self.expression, self.line) = (expression, line) }

    func forEachChild(_ visit: (any Node) -> Void) { visit(expression) }

    func execute(_ run: Run) throws(TemplateError) -> Flow {
        let value = try expression.nestedValue(run)
        run.line = line
        try run.write(try value.printed(run))
        return .next
    }
}

/// `{% print a, b %}`.
final class Print: Statement {
    private let expressions: [any Expression]
    let line: Int

    init(_ expressions: [any Expression], line: Int) { (self.expressions, self.line) = (expressions, line) }

    func forEachChild(_ visit: (any Node) -> Void) { expressions.forEach { visit($0) } }

    func execute(_ run: Run) throws(TemplateError) -> Flow {
        for expression in expressions { try run.write(try expression.nestedValue(run).printed(run)) }
        return .next
    }
}

/// `{% if a %} … {% elif b %} … {% else %} … {% endif %}`.
final class If: Statement {
    struct Branch: Sendable {
        let test: any Expression
        let body: [any Statement]
        let line: Int
    }

    let branches: [Branch]
    let otherwise: [any Statement]
    let line: Int

    init(_ branches: [Branch], otherwise: [any Statement], line: Int) {
        (self.branches, self.otherwise, self.line) = (branches, otherwise, line)
    }

    func forEachChild(_ visit: (any Node) -> Void) {
        for branch in branches {
            visit(branch.test)
            branch.body.forEach { visit($0) }
        }
        otherwise.forEach { visit($0) }
    }

    func execute(_ run: Run) throws(TemplateError) -> Flow {
        for branch in branches where try branch.test.nestedValue(run).isTrue(run) {
            return try branch.body.execute(run)
        }
        return try otherwise.execute(run)
    }
}

/// `{% break %}` or `{% continue %}`.
final class LoopControl: Statement {
    private let flow: Flow
    let line: Int

    init(_ flow: Flow, line: Int) { (self.flow, self.line) = (flow, line) }

    func forEachChild(_ visit: (any Node) -> Void) {}

    func execute(_ run: Run) throws(TemplateError) -> Flow { flow }
}

/// `{% filter name %} … {% endfilter %}`.
final class FilterBlock: Statement {
    let filter: Filter
    let body: [any Statement]
    let scope: Int
    let line: Int

    init(_ filter: Filter, body: [any Statement], scope: Int, line: Int) {
        (self.filter, self.body, self.scope, self.line) = (filter, body, scope, line)
    }

    func forEachChild(_ visit: (any Node) -> Void) {
        body.forEach { visit($0) }
        visit(filter)
    }

    func execute(_ run: Run) throws(TemplateError) -> Flow {
        run.enter(scope)
        defer { run.leave(scope) }
        let (text, flow) = try run.captured { () throws(TemplateError) in try body.execute(run) }
        guard flow == .next else { return flow }
        try run.write(try filter.value(run, of: .string(text)).printed(run))
        return .next
    }
}

/// `{% with a = b %} … {% endwith %}`.
final class With: Statement {
    let targets: [Target]
    let values: [any Expression]
    let body: [any Statement]
    let scope: Int
    let line: Int

    init(_ targets: [Target], _ values: [any Expression], body: [any Statement], scope: Int, line: Int) {
        (self.targets, self.values, self.body, self.scope, self.line) = (targets, values, body, scope, line)
    }

    func forEachChild(_ visit: (any Node) -> Void) {
        targets.forEach { $0.forEachNode(visit) }
        values.forEach { visit($0) }
        body.forEach { visit($0) }
    }

    func execute(_ run: Run) throws(TemplateError) -> Flow {
        run.enter(scope)
        defer { run.leave(scope) }
        for (target, expression) in zip(targets, values) {
            let value = try expression.nestedValue(run)
            run.line = line
            try target.assign(value, run)
        }
        return try body.execute(run)
    }
}
