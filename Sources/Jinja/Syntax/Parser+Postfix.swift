/// Parses postfix operators: attributes, subscripts, calls, filters and tests.
extension Parser {
    mutating func parsePostfix(_ value: any Expression) throws(TemplateError) -> any Expression {
        var value = value
        while true {
            switch current.kind {
            case .symbol(.dot): value = try parseAttribute(of: value)
            case .symbol(.leftBracket): value = try parseSubscript(of: value)
            case .symbol(.leftParenthesis): value = try parseCall(of: value)
            default: return value
            }
            try countLink()
        }
    }

    mutating func parseFilterExpression(_ value: any Expression) throws(TemplateError) -> any Expression {
        var value = value
        while true {
            switch current.kind {
            case .symbol(.pipe): value = try parseFilters(of: value) ?? value
            case .name("is"): value = try parseTest(of: value)
            case .symbol(.leftParenthesis): value = try parseCall(of: value)
            default: return value
            }
            try countLink()
        }
    }

    private mutating func parseAttribute(of value: any Expression) throws(TemplateError) -> any Expression {
        let line = advance().line
        switch current.kind {
        case .name(let name):
            advance()
            return Attribute(value, Text(name), line: line)
        case .integer(let number):
            advance()
            return Subscript(value, Constant(.int(number), line: line), line: line)
        default: throw unexpected("a name or number")
        }
    }

    private mutating func parseSubscript(of value: any Expression) throws(TemplateError) -> any Expression {
        let line = advance().line
        if let slice = try parseSliceOrIndex(of: value, line: line) { return slice }
        throw problem("a subscript must be one index or one slice", line: line)
    }

    /// Parses a subscript after `[`. Nil if slices are mixed with several indices, which no value supports.
    private mutating func parseSliceOrIndex(
        of value: any Expression, line: Int
    ) throws(TemplateError) -> (any Expression)? {
        var indices: [any Expression] = []
        while !isSymbol(.rightBracket) {
            if !indices.isEmpty { try expect(.comma) }
            let start = isSymbol(.colon) ? nil : try parseExpression()
            guard isSymbol(.colon) else {
                if let start { indices.append(start) }
                continue
            }
            guard indices.isEmpty else { return nil }
            advance()
            let stop = isSliceEnd ? nil : try parseExpression()
            let step = take(.colon) && !isSliceEnd ? try parseExpression() : nil
            guard take(.rightBracket) else { return nil }
            return Slice(value, start: start, stop: stop, step: step, line: line)
        }
        try expect(.rightBracket)
        let index = indices.count == 1 ? indices[0] : ListLiteral(indices, isTuple: true, line: line)
        return Subscript(value, index, line: line)
    }

    private var isSliceEnd: Bool { isSymbol(.colon) || isSymbol(.rightBracket) || isSymbol(.comma) }

    private mutating func parseCall(of value: any Expression) throws(TemplateError) -> any Expression {
        let line = current.line
        return Call(value, try parseCallArguments(), line: line)
    }

    mutating func parseCallArguments() throws(TemplateError) -> CallArguments {
        let line = current.line
        var arguments = CallArguments()
        try expect(.leftParenthesis)
        var isFirst = true
        while !isSymbol(.rightParenthesis) {
            if !isFirst {
                try expect(.comma)
                if isSymbol(.rightParenthesis) { break }
            }
            isFirst = false
            if take(.multiply) {
                guard arguments.allPositional == nil, arguments.allNamed == nil else { throw badCall(line) }
                arguments.allPositional = try parseExpression()
            } else if take(.power) {
                guard arguments.allNamed == nil else { throw badCall(line) }
                arguments.allNamed = try parseExpression()
            } else if case .name(let name) = current.kind, following.kind == .symbol(.assign) {
                guard arguments.allNamed == nil, !arguments.named.contains(where: { $0.name == Text(name) }) else {
                    throw badCall(line)
                }
                advance()
                advance()
                arguments.named.append((Text(name), try parseExpression()))
            } else {
                guard arguments.allPositional == nil, arguments.allNamed == nil, arguments.named.isEmpty else {
                    throw badCall(line)
                }
                arguments.positional.append(try parseExpression())
            }
        }
        try expect(.rightParenthesis)
        return arguments
    }

    private func badCall(_ line: Int) -> TemplateError {
        problem("the arguments of a call are out of order", line: line)
    }

    /// Parses a chain of filters after `|`. Nil if there is neither a filter nor a value.
    mutating func parseFilters(of value: (any Expression)?) throws(TemplateError) -> (any Expression)? {
        var value = value
        while take(.pipe) {
            try countLink()
            value = try parseFilter(of: value)
        }
        return value
    }

    mutating func parseFilter(of value: (any Expression)?) throws(TemplateError) -> any Expression {
        let line = current.line
        let name = try parseDottedName()
        let arguments = isSymbol(.leftParenthesis) ? try parseCallArguments() : CallArguments()
        return Filter(name, of: value, arguments, line: line)
    }

    private mutating func parseTest(of value: any Expression) throws(TemplateError) -> any Expression {
        let line = advance().line
        let isNegated = takeName("not")
        let name = try parseDottedName()
        var arguments = CallArguments()
        switch current.kind {
        case .symbol(.leftParenthesis): arguments = try parseCallArguments()
        case .name("else"), .name("or"), .name("and"): break
        case .name("is"): throw problem("tests cannot be chained with 'is'")
        case .name, .string, .integer, .float, .symbol(.leftBracket), .symbol(.leftBrace):
            arguments.positional = [try parsePostfix(try parsePrimary())]
        default: break
        }
        let test = TestExpression(name, of: value, arguments, line: line)
        return isNegated ? Not(test, line: line) : test
    }

    private mutating func parseDottedName() throws(TemplateError) -> String {
        var name = try expectName()
        while take(.dot) { name += "." + (try expectName()) }
        return name
    }
}
