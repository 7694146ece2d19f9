/// A compiled regular expression of a pre-tokenizer.
///
/// Supports the Oniguruma syntax that tokenizers use: alternatives, groups, `(?i:…)`, look-ahead, classes, `\p{…}`,
/// greedy and possessive quantifiers, `$`. Parsing rejects anything else.
struct Expression: Sendable, Equatable {
    enum Instruction: Sendable, Equatable {
        /// Consumes one scalar of the set.
        case take(ScalarSet)
        /// Continues at the first instruction; on failure, at the second.
        case split(Int, Int)
        case jump(Int)
        /// Tests the instructions up to the next `match` without consuming, then continues at `next`.
        case lookAhead(isNegated: Bool, next: Int)
        /// Runs the instructions up to the next `match` without backtracking into them later, then continues at `next`.
        case atomic(next: Int)
        /// `$`: at the end or before a line feed.
        case lineEnd
        case match
    }

    let source: String
    let program: [Instruction]

    /// - Throws: `ExpressionError` for unsupported syntax, and for an expression that can match the empty text.
    init(_ source: String) throws(ExpressionError) {
        var parser = ExpressionParser(source)
        let node = try parser.parse()
        guard !node.canBeEmpty else { throw ExpressionError(problem: "it can match the empty text") }
        var compiler = ExpressionCompiler()
        try compiler.append(node)
        compiler.program.append(.match)
        self.source = source
        program = compiler.program
    }
}

/// A regular expression that cannot be used.
struct ExpressionError: Error, Equatable {
    let problem: String
}

/// The syntax tree of an expression.
indirect enum ExpressionNode {
    case set(ScalarSet)
    case sequence([ExpressionNode])
    case alternatives([ExpressionNode])
    /// A nil `maximum` means no limit.
    case repetition(ExpressionNode, minimum: Int, maximum: Int?, isPossessive: Bool)
    case lookAhead(ExpressionNode, isNegated: Bool)
    case lineEnd

    var canBeEmpty: Bool {
        switch self {
        case .set: false
        case .sequence(let nodes): nodes.allSatisfy(\.canBeEmpty)
        case .alternatives(let nodes): nodes.contains(where: \.canBeEmpty)
        case .repetition(let node, let minimum, _, _): minimum == 0 || node.canBeEmpty
        case .lookAhead, .lineEnd: true
        }
    }
}

private struct ExpressionCompiler {
    var program: [Expression.Instruction] = []

    /// Maximum number of instructions. Repetitions are unrolled, so nested ones could grow without bound.
    private static let limit = 4096

    mutating func append(_ node: ExpressionNode) throws(ExpressionError) {
        guard program.count < Self.limit else { throw ExpressionError(problem: "it is too long") }
        switch node {
        case .set(let set): program.append(.take(set))
        case .lineEnd: program.append(.lineEnd)
        case .sequence(let nodes): for node in nodes { try append(node) }
        case .alternatives(let nodes): try append(alternatives: nodes)
        case .lookAhead(let node, let isNegated):
            try appendSub(node) { .lookAhead(isNegated: isNegated, next: $0) }
        case .repetition(let node, let minimum, let maximum, true):
            let greedy = ExpressionNode.repetition(node, minimum: minimum, maximum: maximum, isPossessive: false)
            try appendSub(greedy) { .atomic(next: $0) }
        case .repetition(let node, let minimum, let maximum, false):
            for _ in 0..<minimum { try append(node) }
            if let maximum {
                try append(optional: node, count: maximum - minimum)
            } else {
                let start = program.count
                program.append(.jump(0))
                try append(node)
                program.append(.jump(start))
                program[start] = .split(start + 1, program.count)
            }
        }
    }

    private mutating func append(alternatives nodes: [ExpressionNode]) throws(ExpressionError) {
        var ends: [Int] = []
        for node in nodes.dropLast() {
            let start = program.count
            program.append(.jump(0))
            try append(node)
            ends.append(program.count)
            program.append(.jump(0))
            program[start] = .split(start + 1, program.count)
        }
        if let last = nodes.last { try append(last) }
        for end in ends { program[end] = .jump(program.count) }
    }

    /// Appends `node` zero to `count` times.
    private mutating func append(optional node: ExpressionNode, count: Int) throws(ExpressionError) {
        var starts: [Int] = []
        for _ in 0..<count {
            starts.append(program.count)
            program.append(.jump(0))
            try append(node)
        }
        for start in starts { program[start] = .split(start + 1, program.count) }
    }

    private mutating func appendSub(
        _ node: ExpressionNode, _ instruction: (Int) -> Expression.Instruction
    ) throws(ExpressionError) {
        let start = program.count
        program.append(.jump(0))
        try append(node)
        program.append(.match)
        program[start] = instruction(program.count)
    }
}
