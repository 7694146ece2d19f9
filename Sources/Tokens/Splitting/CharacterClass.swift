/// The disjoint character classes that the pre-tokenizers' expressions distinguish.
enum CharacterClass {
    /// `\p{L}`
    case letter
    /// `\p{N}`
    case number
    /// `\s`: Unicode's White_Space
    case space
    /// `[^\s\p{L}\p{N}]`
    case other

    init(_ value: UInt32) {
        switch value {
        case 0x61...0x7A, 0x41...0x5A: self = .letter
        case 0x30...0x39: self = .number
        case 0x20, 0x09...0x0D: self = .space
        case ..<0x80: self = .other
        default: self = Unicode.Scalar(value).map(Self.init(beyondASCII:)) ?? .other
        }
    }

    private init(beyondASCII scalar: Unicode.Scalar) {
        switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: self = .letter
        case .decimalNumber, .letterNumber, .otherNumber: self = .number
        default: self = scalar.properties.isWhitespace ? .space : .other
        }
    }
}

/// A character of a text, and where it ends.
struct ScannedCharacter {
    let value: UInt32
    /// Offset of the byte after the character.
    let end: Int
    let kind: CharacterClass
}

extension UnsafeBufferPointer<UInt8> {
    /// The character that starts at byte offset `index`.
    /// - Precondition: the bytes are UTF-8 and a character starts at `index`.
    func character(at index: Int) -> ScannedCharacter {
        let (value, end) = scalar(at: index)
        return ScannedCharacter(value: value, end: end, kind: CharacterClass(value))
    }

    /// The scalar that starts at byte offset `index`, and the offset after it.
    /// - Precondition: the bytes are UTF-8 and a character starts at `index`.
    func scalar(at index: Int) -> (value: UInt32, end: Int) {
        let lead = UInt32(self[index])
        if lead < 0x80 { return (lead, index + 1) }
        let length = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4
        var value = lead & (0x7F >> UInt32(length))
        for offset in 1..<length { value = value << 6 | UInt32(self[index + offset] & 0x3F) }
        return (value, index + length)
    }
}
