/// `a + b` and the like.
final class Arithmetic: Expression {
    private let symbol: Symbol
    private let left: any Expression
    private let right: any Expression
    let line: Int

    init(_ symbol: Symbol, _ left: any Expression, _ right: any Expression, line: Int) {
        (self.symbol, self.left, self.right, self.line) = (symbol, left, right, line)
    }

    func forEachChild(_ visit: (any Node) -> Void) {
        visit(left)
        visit(right)
    }

    func value(_ run: Run) throws(TemplateError) -> Value {
        let left = try left.nestedValue(run)
        let right = try right.nestedValue(run)
        run.line = line
        return try run.compute(symbol, left, right)
    }
}

/// `-a` or `+a`.
final class Sign: Expression {
    private let isNegative: Bool
    private let operand: any Expression
    let line: Int

    init(isNegative: Bool, _ operand: any Expression, line: Int) {
        (self.isNegative, self.operand, self.line) = (isNegative, operand, line)
    }

    func forEachChild(_ visit: (any Node) -> Void) { visit(operand) }

    func value(_ run: Run) throws(TemplateError) -> Value {
        let operand = try operand.nestedValue(run)
        run.line = line
        switch operand {
        case .float(let number): return .float(isNegative ? -number : number)
        case .bool, .int:
            guard let number = operand.integer, !(isNegative && number == .min) else {
                throw run.failure("the result does not fit 64 bits")
            }
            return .int(isNegative ? -number : number)
        case .undefined(let undefined): throw run.failure(undefined.message)
        default: throw run.failure("bad operand type for unary \(isNegative ? "-" : "+"): '\(operand.typeName)'")
        }
    }
}

/// `not a`.
final class Not: Expression {
    private let operand: any Expression
    let line: Int

    init(_ operand: any Expression, line: Int) { (self.operand, self.line) = (operand, line) }

    func forEachChild(_ visit: (any Node) -> Void) { visit(operand) }

    func value(_ run: Run) throws(TemplateError) -> Value {
        .bool(!(try operand.nestedValue(run).isTrue(run)))
    }
}

/// `a and b`, `a or b`: the value is one of the operands.
final class Logical: Expression {
    enum Connective { case and, or }

    private let connective: Connective
    private let left: any Expression
    private let right: any Expression
    let line: Int

    init(_ connective: Connective, _ left: any Expression, _ right: any Expression, line: Int) {
        (self.connective, self.left, self.right, self.line) = (connective, left, right, line)
    }

    func forEachChild(_ visit: (any Node) -> Void) {
        visit(left)
        visit(right)
    }

    func value(_ run: Run) throws(TemplateError) -> Value {
        let left = try left.nestedValue(run)
        return try left.isTrue(run) == (connective == .or) ? left : try right.nestedValue(run)
    }
}

/// `a < b < c`.
final class Comparison: Expression {
    struct Operand: Sendable {
        let comparator: Comparator
        let value: any Expression
    }

    private let first: any Expression
    private let operands: [Operand]
    let line: Int

    init(_ first: any Expression, _ operands: [Operand], line: Int) {
        (self.first, self.operands, self.line) = (first, operands, line)
    }

    func forEachChild(_ visit: (any Node) -> Void) {
        visit(first)
        operands.forEach { visit($0.value) }
    }

    func value(_ run: Run) throws(TemplateError) -> Value {
        var left = try first.nestedValue(run)
        for operand in operands {
            let right = try operand.value.nestedValue(run)
            run.line = line
            guard try run.compare(left, operand.comparator, right) else { return .bool(false) }
            left = right
        }
        return .bool(true)
    }
}

/// `a ~ b`: both converted to text and joined.
final class Concatenation: Expression {
    private let parts: [any Expression]
    let line: Int

    init(_ parts: [any Expression], line: Int) { (self.parts, self.line) = (parts, line) }

    func adding(_ part: any Expression) -> Concatenation { Concatenation(parts + [part], line: line) }

    func forEachChild(_ visit: (any Node) -> Void) { parts.forEach { visit($0) } }

    func value(_ run: Run) throws(TemplateError) -> Value {
        var values: [Value] = []
        for part in parts { values.append(try part.nestedValue(run)) }
        run.line = line
        var bytes: [UInt8] = []
        for value in values {
            let text = try value.printed(run)
            try run.charge(text.utf8.count)
            bytes.append(text)
        }
        return try run.make(Text(utf8: bytes))
    }
}

/// `a if b else c`.
final class Conditional: Expression {
    private let test: any Expression
    private let chosen: any Expression
    private let otherwise: (any Expression)?
    let line: Int

    init(test: any Expression, value: any Expression, otherwise: (any Expression)?, line: Int) {
        (self.test, chosen, self.otherwise, self.line) = (test, value, otherwise, line)
    }

    func forEachChild(_ visit: (any Node) -> Void) {
        visit(test)
        visit(chosen)
        if let otherwise { visit(otherwise) }
    }

    func value(_ run: Run) throws(TemplateError) -> Value {
        if try test.nestedValue(run).isTrue(run) { return try chosen.nestedValue(run) }
        guard let otherwise else {
            return Undefined.hint("the inline if-expression on line \(line) is false and has no else")
        }
        return try otherwise.nestedValue(run)
    }
}
