/// Parses tags.
extension Parser {
    /// Parses the statement of a tag whose name has been read.
    mutating func parseStatement(_ tag: String, line: Int) throws(TemplateError) -> any Statement {
        switch tag {
        case "for": return try parseFor(line)
        case "if": return try parseIf(line)
        case "set": return try parseSet(line)
        case "macro": return try parseMacro(line)
        case "call": return try parseCall(line)
        case "filter": return try parseFilterBlock(line)
        case "with": return try parseWith(line)
        case "print": return try parsePrint(line)
        case "generation":
            let body = try parseFunctionBody(until: "endgeneration")
            return GenerationBlock(body: body, scope: makeScope(), line: line)
        case "break", "continue":
            guard isInLoop else { throw problem("'\(tag)' outside of a loop", line: line) }
            return LoopControl(tag == "break" ? .break : .continue, line: line)
        case "include", "import", "from", "extends", "block":
            throw problem("the tag '\(tag)' is not supported: a chat template is one text", line: line)
        case "autoescape": throw problem("the tag 'autoescape' is not supported", line: line)
        default: throw problem("unknown tag '\(tag)'", line: line)
        }
    }

    private mutating func parseFor(_ line: Int) throws(TemplateError) -> any Statement {
        let firstName = nameCount
        let start = self
        let target = try parseTarget(endsAtIn: true)
        // The test runs in its own function, so it needs its own copy of the target's names.
        var again = start
        again.nameCount = nameCount
        let testTarget = try again.parseTarget(endsAtIn: true)
        nameCount += nameCount - firstName
        try expectName("in")
        let iterable = try parseTuple(withCondition: false, endsAt: "recursive")
        let test = takeName("if") ? try parseExpression() : nil
        let isRecursive = takeName("recursive")
        let wasInLoop = isInLoop
        isInLoop = true
        let body = try parseBlock(until: ["endfor", "else"])
        isInLoop = isRecursive ? false : wasInLoop
        var otherwise: [any Statement] = []
        if isName("else") {
            advance()
            otherwise = try parseBlock(until: ["endfor"])
        }
        advance()
        isInLoop = wasInLoop
        return For(
            target: target, iterable: iterable, test: test.map { ($0, testTarget) }, body: body, otherwise: otherwise,
            isRecursive: isRecursive, scopes: (makeScope(), makeScope(), makeScope()), line: line)
    }

    private mutating func parseIf(_ line: Int) throws(TemplateError) -> any Statement {
        var branches: [If.Branch] = []
        var line = line
        while true {
            let test = try parseTuple(withCondition: false)
            let body = try parseBlock(until: ["elif", "else", "endif"])
            branches.append(If.Branch(test: test, body: body, line: line))
            line = current.line
            if takeName("elif") { continue }
            let otherwise = takeName("else") ? try parseBlock(until: ["endif"]) : []
            advance()
            return If(branches, otherwise: otherwise, line: branches[0].line)
        }
    }

    private mutating func parseSet(_ line: Int) throws(TemplateError) -> any Statement {
        let target = try parseTarget(withNamespace: true)
        if take(.assign) { return Assign(target, try parseTuple(), line: line) }
        let filter = try parseFilters(of: nil) as? Filter
        let body = try parseBlock(until: "endset")
        return AssignBlock(target, filter: filter, body: body, scope: makeScope(), line: line)
    }

    private mutating func parseMacro(_ line: Int) throws(TemplateError) -> any Statement {
        let nameLine = current.line
        let name = try parseAssignableName()
        let target = makeName(name, .store, line: nameLine)
        let (parameters, defaults) = try parseSignature()
        let body = try parseFunctionBody(until: "endmacro")
        return MacroDefinition(
            target, MacroBody(name, parameters, defaults, body, scope: makeScope(), line: line), line: line)
    }

    private mutating func parseCall(_ line: Int) throws(TemplateError) -> any Statement {
        let (parameters, defaults) = isSymbol(.leftParenthesis) ? try parseSignature() : ([], [])
        guard let call = try parseExpression() as? Call else { throw problem("expected a call", line: line) }
        let body = try parseFunctionBody(until: "endcall")
        return CallBlock(call, MacroBody(nil, parameters, defaults, body, scope: makeScope(), line: line), line: line)
    }

    /// Parses a function body, where `break` and `continue` cannot reach an enclosing loop.
    private mutating func parseFunctionBody(until end: String) throws(TemplateError) -> [any Statement] {
        let wasInLoop = isInLoop
        isInLoop = false
        defer { isInLoop = wasInLoop }
        return try parseBlock(until: end)
    }

    private mutating func parseSignature() throws(TemplateError) -> (parameters: [Name], defaults: [any Expression]) {
        var (parameters, defaults): ([Name], [any Expression]) = ([], [])
        try expect(.leftParenthesis)
        while !isSymbol(.rightParenthesis) {
            if !parameters.isEmpty { try expect(.comma) }
            let line = current.line
            let name = try parseAssignableName()
            guard !parameters.contains(where: { $0.name == name }) else {
                throw problem("duplicate parameter '\(name)'", line: line)
            }
            parameters.append(makeName(name, .parameter, line: line))
            if take(.assign) {
                defaults.append(try parseExpression())
            } else if !defaults.isEmpty {
                throw problem("a parameter without default follows one with a default")
            }
        }
        try expect(.rightParenthesis)
        return (parameters, defaults)
    }

    private mutating func parseFilterBlock(_ line: Int) throws(TemplateError) -> any Statement {
        let first = try parseFilter(of: nil)
        guard let filter = try parseFilters(of: first) as? Filter else { throw unexpected("a filter") }
        let body = try parseBlock(until: "endfilter")
        return FilterBlock(filter, body: body, scope: makeScope(), line: line)
    }

    private mutating func parseWith(_ line: Int) throws(TemplateError) -> any Statement {
        var (targets, values): ([Target], [any Expression]) = ([], [])
        while current.kind != .blockEnd {
            if !targets.isEmpty { try expect(.comma) }
            targets.append(try parseTarget().asParameter)
            try expect(.assign)
            values.append(try parseExpression())
        }
        let body = try parseBlock(until: "endwith")
        return With(targets, values, body: body, scope: makeScope(), line: line)
    }

    private mutating func parsePrint(_ line: Int) throws(TemplateError) -> any Statement {
        var expressions: [any Expression] = []
        while current.kind != .blockEnd {
            if !expressions.isEmpty { try expect(.comma) }
            expressions.append(try parseExpression())
        }
        return Print(expressions, line: line)
    }

    private mutating func parseAssignableName() throws(TemplateError) -> String {
        let line = current.line
        let name = try expectName()
        guard !["true", "false", "none", "True", "False", "None"].contains(name) else {
            throw problem("cannot assign to '\(name)'", line: line)
        }
        return name
    }

    private mutating func parseTarget(
        endsAtIn: Bool = false, withNamespace: Bool = false
    ) throws(TemplateError) -> Target {
        let line = current.line
        let expression = try parseTuple(simplified: true, endsAt: endsAtIn ? "in" : nil, withNamespace: withNamespace)
        guard let target = asTarget(expression) else { throw problem("cannot assign to this", line: line) }
        return target
    }

    private mutating func asTarget(_ expression: any Expression) -> Target? {
        switch expression {
        case let name as Name: return .name(name.stored)
        case let attribute as NamespaceAttribute: return .attribute(attribute)
        case let tuple as ListLiteral where tuple.isTuple:
            var targets: [Target] = []
            for element in tuple.elements {
                guard let target = asTarget(element) else { return nil }
                targets.append(target)
            }
            return .tuple(targets, line: tuple.line)
        default: return nil
        }
    }
}
