/// Finds where a piece ends in the bytes up to `end`. Tries the alternatives of an expression in order.
struct PieceScanner {
    let bytes: UnsafeBufferPointer<UInt8>
    let end: Int

    /// `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`
    func endOfGPT2Piece(from start: Int) -> Int {
        if let end = endOfContraction(from: start, ignoresCase: false) { return end }
        let first = bytes.character(at: start)
        if first.kind != .space { return endOfRun(of: first.kind, from: first.end) }
        if first.value == 0x20, first.end < end {
            let second = bytes.character(at: first.end)
            if second.kind != .space { return endOfRun(of: second.kind, from: second.end) }
        }
        return endOfSpaces(from: start, newlinesFirst: false)
    }

    /// `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,digits}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|`
    /// `\s+(?!\S)|\s+`
    func endOfCL100KPiece(from start: Int, digits: Int) -> Int {
        if let end = endOfContraction(from: start, ignoresCase: true) { return end }
        let first = bytes.character(at: start)
        switch first.kind {
        case .letter: return endOfRun(of: .letter, from: first.end)
        case .number: return endOfRun(of: .number, from: first.end, limit: digits - 1)
        case .space, .other: break
        }
        let second = first.end < end ? bytes.character(at: first.end) : nil
        if let second, second.kind == .letter, !isNewline(start) { return endOfRun(of: .letter, from: second.end) }
        if first.kind == .other { return endOfNewlines(from: endOfRun(of: .other, from: first.end)) }
        if let second, second.kind == .other, first.value == 0x20 {
            return endOfNewlines(from: endOfRun(of: .other, from: second.end))
        }
        return endOfSpaces(from: start, newlinesFirst: true)
    }

    /// `\p{N}` or `\p{N}+`, and the text between matches.
    func endOfDigitsPiece(from start: Int, individual: Bool) -> Int {
        let first = bytes.character(at: start)
        if first.kind == .number { return endOfRun(of: .number, from: first.end, limit: individual ? 0 : Int.max) }
        var index = first.end
        while index < end {
            let character = bytes.character(at: index)
            guard character.kind != .number else { break }
            index = character.end
        }
        return index
    }
}

extension PieceScanner {
    /// `'s|'t|'re|'ve|'m|'ll|'d`. If case is ignored, ſ (U+017F) counts as an s.
    private func endOfContraction(from start: Int, ignoresCase: Bool) -> Int? {
        guard bytes[start] == UInt8(ascii: "'"), start + 1 < end else { return nil }
        func letter(_ index: Int) -> UInt8? {
            guard index < end else { return nil }
            let byte = bytes[index]
            return ignoresCase && (0x41...0x5A).contains(byte) ? byte | 0x20 : byte
        }
        switch (letter(start + 1), letter(start + 2)) {
        case (UInt8(ascii: "s"), _), (UInt8(ascii: "t"), _), (UInt8(ascii: "m"), _), (UInt8(ascii: "d"), _):
            return start + 2
        case (UInt8(ascii: "r"), UInt8(ascii: "e")), (UInt8(ascii: "v"), UInt8(ascii: "e")),
            (UInt8(ascii: "l"), UInt8(ascii: "l")):
            return start + 3
        case (0xC5, 0xBF) where ignoresCase: return start + 3
        default: return nil
        }
    }

    /// The end of a run of one class, at most `limit` characters long.
    private func endOfRun(of kind: CharacterClass, from start: Int, limit: Int = Int.max) -> Int {
        var index = start
        var count = 0
        while index < end, count < limit {
            let character = bytes.character(at: index)
            guard character.kind == kind else { break }
            index = character.end
            count += 1
        }
        return index
    }

    /// `[\r\n]*`
    private func endOfNewlines(from start: Int) -> Int {
        var index = start
        while index < end, isNewline(index) { index += 1 }
        return index
    }

    /// `\s*[\r\n]+|\s+(?!\S)|\s+`, the first alternative only with `newlinesFirst`. Ends after the last newline, else
    /// before the last white-space character if a word follows and takes that one.
    private func endOfSpaces(from start: Int, newlinesFirst: Bool) -> Int {
        var index = start
        var lastStart = start
        var newlinesEnd: Int?
        while index < end {
            let character = bytes.character(at: index)
            guard character.kind == .space else { break }
            lastStart = index
            index = character.end
            if isNewline(lastStart) { newlinesEnd = index }
        }
        if newlinesFirst, let newlinesEnd { return newlinesEnd }
        return index == end || lastStart == start ? index : lastStart
    }

    private func isNewline(_ index: Int) -> Bool { bytes[index] == 0x0A || bytes[index] == 0x0D }
}
