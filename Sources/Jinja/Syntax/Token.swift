/// A token of a template, with the line where it starts.
struct Token {
    enum Kind: Equatable {
        /// Text outside tags.
        case data(Text)
        case blockBegin, blockEnd, variableBegin, variableEnd
        case name(String)
        case string(Text)
        case integer(Int)
        case float(Double)
        case symbol(Symbol)
        case end
    }

    let kind: Kind
    let line: Int

    /// The token as messages show it.
    var description: String {
        switch kind {
        case .data: "template text"
        case .blockBegin: "begin of statement block"
        case .blockEnd: "end of statement block"
        case .variableBegin: "begin of print statement"
        case .variableEnd: "end of print statement"
        case .name(let name): name
        case .string: "string"
        case .integer: "integer"
        case .float: "float"
        case .symbol(let symbol): symbol.rawValue
        case .end: "end of template"
        }
    }
}

/// Operators and brackets.
enum Symbol: String, CaseIterable {
    case floorDivide = "//", power = "**", equal = "==", notEqual = "!=", atLeast = ">=", atMost = "<="
    case add = "+", subtract = "-", divide = "/", multiply = "*", modulo = "%", tilde = "~"
    case leftBracket = "[", rightBracket = "]", leftParenthesis = "(", rightParenthesis = ")"
    case leftBrace = "{", rightBrace = "}"
    case greater = ">", less = "<", assign = "=", dot = ".", colon = ":", pipe = "|", comma = ",", semicolon = ";"

    /// The matching closing bracket, if this is an opening one.
    var closing: Symbol? {
        switch self {
        case .leftBracket: .rightBracket
        case .leftParenthesis: .rightParenthesis
        case .leftBrace: .rightBrace
        default: nil
        }
    }

    var isClosing: Bool { self == .rightBracket || self == .rightParenthesis || self == .rightBrace }
}
