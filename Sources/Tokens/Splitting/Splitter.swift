/// One step of cutting a text into pieces that are merged each on its own.
///
/// The expressions are matched by hand: the two families below are all that the supported models use, and a scanner
/// needs one look at each character.
enum Splitter: Sendable, Equatable {
    /// GPT-2's expression, which the ByteLevel pre-tokenizer has built in.
    case gpt2
    /// The expression of Llama 3 (runs of up to 3 digits) and of Qwen 2 and 3 (1 digit).
    case cl100k(digits: Int)
    /// Digits apart from everything else: each alone, or in runs.
    case digits(individual: Bool)

    /// The expressions as Hugging Face files have them.
    init?(expression: String) {
        func pattern(_ digits: String) -> String {
            #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|"# + digits
                + #"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
        }
        if expression.utf8.elementsEqual(pattern(#"\p{N}"#).utf8) {
            self = .cl100k(digits: 1)
        } else if expression.utf8.elementsEqual(pattern(#"\p{N}{1,3}"#).utf8) {
            self = .cl100k(digits: 3)
        } else if expression.utf8.elementsEqual(
            #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#.utf8)
        {
            self = .gpt2
        } else {
            return nil
        }
    }

    /// Where the first piece of `text` ends, a byte index.
    /// - Precondition: `text` is not empty, is UTF-8, and starts and ends between characters.
    func endOfFirstPiece(of text: Slice<UnsafeBufferPointer<UInt8>>) -> Int {
        let scanner = PieceScanner(bytes: text.base, end: text.endIndex)
        return switch self {
        case .gpt2: scanner.endOfGPT2Piece(from: text.startIndex)
        case .cl100k(let digits): scanner.endOfCL100KPiece(from: text.startIndex, digits: digits)
        case .digits(let individual): scanner.endOfDigitsPiece(from: text.startIndex, individual: individual)
        }
    }
}

extension [Splitter] {
    /// Calls `body` with every piece of `text`: each step cuts the pieces of the one before it.
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
            let end = splitter.endOfFirstPiece(of: rest)
            dropFirst().forEachPiece(of: rest[..<end], body)
            rest = rest[end...]
        }
    }
}
