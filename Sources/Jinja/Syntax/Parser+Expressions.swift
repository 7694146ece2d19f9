/// Parses operators by precedence.
extension Parser {
    mutating func parseExpression(withCondition: Bool = true) throws(TemplateError) -> any Expression {
        try nested { (parser) throws(TemplateError) in
            withCondition ? try parser.parseConditional() : try parser.parseOr()
        }
    }

    private mutating func parseConditional() throws(TemplateError) -> any Expression {
        var value = try parseOr()
        while isName("if") {
            let line = advance().line
            try countLink()
            let test = try parseOr()
            let otherwise =
                takeName("else")
                ? try nested { (parser) throws(TemplateError) in try parser.parseConditional() } : nil
            value = Conditional(test: test, value: value, otherwise: otherwise, line: line)
        }
        return value
    }

    private mutating func parseOr() throws(TemplateError) -> any Expression {
        var left = try parseAnd()
        while isName("or") {
            let line = advance().line
            try countLink()
            left = Logical(.or, left, try parseAnd(), line: line)
        }
        return left
    }

    private mutating func parseAnd() throws(TemplateError) -> any Expression {
        var left = try parseNot()
        while isName("and") {
            let line = advance().line
            try countLink()
            left = Logical(.and, left, try parseNot(), line: line)
        }
        return left
    }

    private mutating func parseNot() throws(TemplateError) -> any Expression {
        guard isName("not") else { return try parseComparison() }
        let line = advance().line
        return Not(try nested { (parser) throws(TemplateError) in try parser.parseNot() }, line: line)
    }

    private mutating func parseComparison() throws(TemplateError) -> any Expression {
        let first = try parseBinary(level: 0)
        var operands: [Comparison.Operand] = []
        while let comparator = takeComparator() {
            operands.append(Comparison.Operand(comparator: comparator, value: try parseBinary(level: 0)))
        }
        return operands.isEmpty ? first : Comparison(first, operands, line: first.line)
    }

    private mutating func takeComparator() -> Comparator? {
        let comparator: Comparator
        switch current.kind {
        case .symbol(.equal): comparator = .equal
        case .symbol(.notEqual): comparator = .notEqual
        case .symbol(.less): comparator = .less
        case .symbol(.atMost): comparator = .atMost
        case .symbol(.greater): comparator = .greater
        case .symbol(.atLeast): comparator = .atLeast
        case .name("in"): comparator = .isIn
        case .name("not") where following.kind == .name("in"):
            advance()
            comparator = .isNotIn
        default: return nil
        }
        advance()
        return comparator
    }

    /// The binary operators from loosest to tightest. All are left-associative, even `**`.
    private static let levels: [[Symbol]] = [
        [.add, .subtract], [.tilde], [.multiply, .divide, .floorDivide, .modulo], [.power],
    ]

    private mutating func parseBinary(level: Int) throws(TemplateError) -> any Expression {
        guard level < Self.levels.count else { return try parseUnary() }
        var left = try parseBinary(level: level + 1)
        while case .symbol(let symbol) = current.kind, Self.levels[level].contains(symbol) {
            let line = advance().line
            try countLink()
            let right = try parseBinary(level: level + 1)
            if symbol == .tilde {
                left = (left as? Concatenation)?.adding(right) ?? Concatenation([left, right], line: line)
            } else {
                left = Arithmetic(symbol, left, right, line: line)
            }
        }
        return left
    }

    private mutating func parseUnary(withFilter: Bool = true) throws(TemplateError) -> any Expression {
        var value: any Expression
        let line = current.line
        if isSymbol(.subtract) || isSymbol(.add) {
            let isNegative = isSymbol(.subtract)
            advance()
            let operand = try nested { (parser) throws(TemplateError) in try parser.parseUnary(withFilter: false) }
            value = Sign(isNegative: isNegative, operand, line: line)
        } else {
            value = try parsePrimary()
        }
        value = try parsePostfix(value)
        return withFilter ? try parseFilterExpression(value) : value
    }

    mutating func parsePrimary(withNamespace: Bool = false) throws(TemplateError) -> any Expression {
        let token = current
        switch token.kind {
        case .name(let name):
            advance()
            switch name {
            case "true", "True": return Constant(.bool(true), line: token.line)
            case "false", "False": return Constant(.bool(false), line: token.line)
            case "none", "None": return Constant(.none, line: token.line)
            case _ where withNamespace && take(.dot):
                let attribute = try expectName()
                return NamespaceAttribute(makeName(name, .load, line: token.line), Text(attribute), line: token.line)
            default: return makeName(name, .load, line: token.line)
            }
        case .string(var text):
            advance()
            while case .string(let more) = current.kind {
                text = text + more
                advance()
            }
            return Constant(.string(text), line: token.line)
        case .integer(let number):
            advance()
            return Constant(.int(number), line: token.line)
        case .float(let number):
            advance()
            return Constant(.float(number), line: token.line)
        case .symbol(.leftParenthesis):
            advance()
            let value = try parseTuple(inParentheses: true)
            try expect(.rightParenthesis)
            return value
        case .symbol(.leftBracket):
            advance()
            return ListLiteral(
                try parseElements(until: .rightBracket) { (parser) throws(TemplateError) in
                    try parser.parseExpression()
                }, isTuple: false, line: token.line)
        case .symbol(.leftBrace):
            advance()
            let fields = try parseElements(until: .rightBrace) { (parser) throws(TemplateError) in
                let key = try parser.parseExpression()
                try parser.expect(.colon)
                return MappingLiteral.Field(key: key, value: try parser.parseExpression())
            }
            return MappingLiteral(fields, line: token.line)
        default: throw problem("unexpected '\(token.description)'")
        }
    }

    private mutating func parseElements<Element>(
        until end: Symbol, _ parse: (inout Parser) throws(TemplateError) -> Element
    ) throws(TemplateError) -> [Element] {
        var elements: [Element] = []
        while !isSymbol(end) {
            if !elements.isEmpty {
                try expect(.comma)
                if isSymbol(end) { break }
            }
            elements.append(try parse(&self))
        }
        try expect(end)
        return elements
    }

    /// Parses an expression, or a tuple of comma-separated ones.
    /// - Parameters:
    ///   - simplified: accept only names, literals and parenthesised expressions.
    ///   - endsAt: a name that ends the tuple, even after a comma.
    mutating func parseTuple(
        simplified: Bool = false, withCondition: Bool = true, endsAt end: String? = nil, inParentheses: Bool = false,
        withNamespace: Bool = false
    ) throws(TemplateError) -> any Expression {
        var elements: [any Expression] = []
        var isTuple = false
        let line = current.line
        while true {
            if !elements.isEmpty { try expect(.comma) }
            if isTupleEnd(end) { break }
            if simplified {
                elements.append(
                    try nested { (parser) throws(TemplateError) in try parser.parsePrimary(withNamespace: withNamespace)
                    })
            } else {
                elements.append(try parseExpression(withCondition: withCondition))
            }
            guard isSymbol(.comma) else { break }
            isTuple = true
        }
        if !isTuple {
            if let only = elements.first { return only }
            guard inParentheses else { throw unexpected("an expression") }
        }
        return ListLiteral(elements, isTuple: true, line: line)
    }

    private func isTupleEnd(_ end: String?) -> Bool {
        switch current.kind {
        case .variableEnd, .blockEnd, .symbol(.rightParenthesis): true
        case .name(let name): name == end
        default: false
        }
    }
}
