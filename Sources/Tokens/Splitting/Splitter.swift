/// One step of splitting a text into pieces, which are merged independently.
///
/// Hand-written scanners match most models' expressions in one scan; `ExpressionMatcher` handles the others.
enum Splitter: Sendable, Equatable {
    /// GPT-2's expression, built into the ByteLevel pre-tokenizer.
    case gpt2
    /// The expression of Llama 3 (runs of up to 3 digits) and of Qwen 2 and 3 (single digits).
    case cl100k(digits: Int)
    /// Separates digits from other text, one by one or in runs.
    case digits(individual: Bool)
    /// Any other expression. Text between its matches is kept as pieces or dropped.
    case expression(Expression, keepsRest: Bool)

    /// Creates a splitter for an expression in a Hugging Face file.
    /// - Throws: `ExpressionError` if it is not implemented.
    init(expression: String, keepsRest: Bool = true) throws(ExpressionError) {
        let known = Self.scanned.first { $0.expression.utf8.elementsEqual(expression.utf8) }
        if keepsRest, let known {
            self = known.splitter
        } else {
            self = .expression(try Expression(expression), keepsRest: keepsRest)
        }
    }

    private static let scanned: [(expression: String, splitter: Splitter)] = [
        (Expressions.cl100k(digits: #"\p{N}"#), .cl100k(digits: 1)),
        (Expressions.cl100k(digits: #"\p{N}{1,3}"#), .cl100k(digits: 3)),
        (Expressions.gpt2, .gpt2), (#"\p{N}"#, .digits(individual: true)), (#"\p{N}+"#, .digits(individual: false)),
    ]

    /// The byte index where the first piece of `text` ends, and whether the piece is kept.
    /// - Precondition: `text` is not empty, is UTF-8, and starts and ends between characters.
    func firstPiece(of text: Slice<UnsafeBufferPointer<UInt8>>) -> (end: Int, isKept: Bool) {
        let scanner = PieceScanner(bytes: text.base, end: text.endIndex)
        switch self {
        case .gpt2: return (scanner.endOfGPT2Piece(from: text.startIndex), true)
        case .cl100k(let digits): return (scanner.endOfCL100KPiece(from: text.startIndex, digits: digits), true)
        case .digits(let individual):
            return (scanner.endOfDigitsPiece(from: text.startIndex, individual: individual), true)
        case .expression(let expression, let keepsRest):
            let matcher = ExpressionMatcher(expression, bytes: text.base, end: text.endIndex)
            if let end = matcher.endOfMatch(from: text.startIndex) { return (end, true) }
            var index = text.startIndex
            repeat {
                index = text.base.scalar(at: index).end
            } while index < text.endIndex
                && matcher.endOfMatch(from: index) == nil
            return (index, keepsRest)
        }
    }
}

extension [Splitter] {
    /// Calls `body` with every piece of `text`. Each splitter splits the pieces of the previous one.
    func forEachPiece(
        of text: Slice<UnsafeBufferPointer<UInt8>>, _ body: (Slice<UnsafeBufferPointer<UInt8>>) -> Void
    ) {
        self[...].forEachPiece(of: text, body)
    }
}

extension ArraySlice<Splitter> {
    fileprivate func forEachPiece(
        of text: Slice<UnsafeBufferPointer<UInt8>>, _ body: (Slice<UnsafeBufferPointer<UInt8>>) -> Void
    ) {
        guard let splitter = first else { return body(text) }
        var rest = text
        while !rest.isEmpty {
            let (end, isKept) = splitter.firstPiece(of: rest)
            if isKept { dropFirst().forEachPiece(of: rest[..<end], body) }
            rest = rest[end...]
        }
    }
}
