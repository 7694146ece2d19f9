/// Parses tokens into a syntax tree, by jinja2's grammar.
///
/// This file holds the token stream and lists of statements.
struct Parser {
    private let tokens: [Token]
    private var index = 0
    private var depth = 0
    /// Counts names and scopes, to which `Resolver` assigns addresses.
    var nameCount = 0
    var scopeCount = 0
    /// Whether `break` and `continue` are allowed here.
    var isInLoop = false
    /// The tags that are open.
    private var openTags: [String] = []

    /// Nesting depth of expressions and blocks. Each level takes some dozen calls of the parser.
    private static let maximumDepth = 100
    /// Operators, attributes, calls and filters in one tag. A chain of them makes a tree as deep as the chain is long.
    private static let maximumLinks = 400
    private var linkCount = 0

    init(_ tokens: [Token]) { self.tokens = tokens }

    static func parse(_ source: String) throws(TemplateError) -> (body: [any Statement], names: Int, scopes: Int) {
        var parser = Parser(try Lexer.tokens(of: source))
        let body = try parser.parseBody(until: [])
        return (body, parser.nameCount, parser.scopeCount)
    }

    var current: Token { tokens[index] }
    var following: Token { tokens[min(index + 1, tokens.count - 1)] }

    @discardableResult
    mutating func advance() -> Token {
        defer { if index + 1 < tokens.count { index += 1 } }
        return tokens[index]
    }

    func isName(_ name: String) -> Bool { current.kind == .name(name) }
    func isSymbol(_ symbol: Symbol) -> Bool { current.kind == .symbol(symbol) }

    mutating func take(_ symbol: Symbol) -> Bool {
        guard isSymbol(symbol) else { return false }
        advance()
        return true
    }

    mutating func takeName(_ name: String) -> Bool {
        guard isName(name) else { return false }
        advance()
        return true
    }

    mutating func expect(_ symbol: Symbol) throws(TemplateError) {
        guard take(symbol) else { throw unexpected("'\(symbol.rawValue)'") }
    }

    mutating func expectName() throws(TemplateError) -> String {
        guard case .name(let name) = current.kind else { throw unexpected("a name") }
        advance()
        return name
    }

    mutating func expectName(_ name: String) throws(TemplateError) {
        guard takeName(name) else { throw unexpected("'\(name)'") }
    }

    mutating func expectBlockEnd() throws(TemplateError) {
        guard current.kind == .blockEnd else { throw unexpected("the end of the statement block") }
        advance()
    }

    func problem(_ problem: String, line: Int? = nil) -> TemplateError {
        .syntax(line: line ?? current.line, problem: problem)
    }

    func unexpected(_ expected: String) -> TemplateError {
        problem("expected \(expected), not '\(current.description)'")
    }

    /// Runs `body` one level deeper.
    mutating func nested<Result>(
        _ body: (inout Parser) throws(TemplateError) -> Result
    ) throws(TemplateError) -> Result {
        guard depth < Self.maximumDepth else {
            throw .limit(line: current.line, problem: "the template nests deeper than \(Self.maximumDepth) levels")
        }
        depth += 1
        defer { depth -= 1 }
        return try body(&self)
    }

    /// Counts one link of a chain against the tag's limit.
    mutating func countLink() throws(TemplateError) {
        linkCount += 1
        guard linkCount <= Self.maximumLinks else {
            throw .limit(line: current.line, problem: "more than \(Self.maximumLinks) operators in one tag")
        }
    }

    mutating func makeScope() -> Int {
        scopeCount += 1
        return scopeCount
    }

    mutating func makeName(_ name: String, _ role: Name.Role, line: Int) -> Name {
        nameCount += 1
        return Name(name, id: nameCount - 1, role, line: line)
    }

    /// Parses the statements after a tag's expression, up to the name of one of the end tags, which stays unread.
    mutating func parseBlock(until ends: [String]) throws(TemplateError) -> [any Statement] {
        _ = take(.colon)
        try expectBlockEnd()
        return try parseBody(until: ends)
    }

    /// As above, and consumes the end tag's name.
    mutating func parseBlock(until end: String) throws(TemplateError) -> [any Statement] {
        let body = try parseBlock(until: [end])
        advance()
        return body
    }

    private mutating func parseBody(until ends: [String]) throws(TemplateError) -> [any Statement] {
        var body: [any Statement] = []
        while true {
            let token = current
            linkCount = 0
            switch token.kind {
            case .data(let text):
                advance()
                body.append(Data(text, line: token.line))
            case .variableBegin:
                advance()
                let expression = try parseTuple()
                guard current.kind == .variableEnd else { throw unexpected("the end of the print statement") }
                advance()
                body.append(Output(expression, line: token.line))
            case .blockBegin:
                advance()
                if case .name(let name) = current.kind, ends.contains(name) { return body }
                body.append(try nested { (parser) throws(TemplateError) in try parser.parseTag() })
                try expectBlockEnd()
            case .end:
                if ends.isEmpty { return body }
                let expected = ends.map { "'\($0)'" }.joined(separator: " or ")
                let open = openTags.last.map { "; the innermost open block is '\($0)'" } ?? ""
                throw problem("the template ends where \(expected) should be\(open)")
            default: throw unexpected("text or a tag")
            }
        }
    }

    private mutating func parseTag() throws(TemplateError) -> any Statement {
        guard case .name(let tag) = current.kind else { throw unexpected("a tag's name") }
        let line = current.line
        advance()
        openTags.append(tag)
        defer { openTags.removeLast() }
        return try parseStatement(tag, line: line)
    }
}
