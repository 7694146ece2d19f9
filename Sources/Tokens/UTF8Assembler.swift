/// Makes text of bytes that come in any portions: gives each character out as soon as it is whole, and U+FFFD for each
/// maximal part of no character (Unicode 3.9, "substitution of maximal subparts", which is what Swift's own decoding does).
struct UTF8Assembler {
    /// The bytes so far of a character that is not whole: 0 to 3.
    private var pending: [UInt8] = []

    /// Takes bytes, and appends the text that is certain by now.
    mutating func append(_ bytes: some Sequence<UInt8>, to text: inout String) {
        for byte in bytes { append(byte, to: &text) }
    }

    /// Appends what is left: U+FFFD for the beginning of a character.
    mutating func flush(to text: inout String) { takePending(to: &text) }

    private mutating func append(_ byte: UInt8, to text: inout String) {
        if !pending.isEmpty {
            if allowsNext(byte) {
                pending.append(byte)
                if pending.count == length { takePending(to: &text) }
                return
            }
            takePending(to: &text)
        }
        switch byte {
        case ..<0x80: text.unicodeScalars.append(Unicode.Scalar(byte))
        case 0xC2...0xF4: pending.append(byte)
        default: text.unicodeScalars.append("\u{FFFD}")
        }
    }

    /// How many bytes the pending character has when whole.
    private var length: Int { pending[0] < 0xE0 ? 2 : pending[0] < 0xF0 ? 3 : 4 }

    /// Whether the pending character may go on with `byte` (Unicode 3.9, table 3-7; surrogates are held back until they
    /// are whole, as Hugging Face's stream does).
    private func allowsNext(_ byte: UInt8) -> Bool {
        guard pending.count == 1 else { return (0x80...0xBF).contains(byte) }
        return switch pending[0] {
        case 0xE0: (0xA0...0xBF).contains(byte)
        case 0xF0: (0x90...0xBF).contains(byte)
        case 0xF4: (0x80...0x8F).contains(byte)
        default: (0x80...0xBF).contains(byte)
        }
    }

    private mutating func takePending(to text: inout String) {
        text.append(String(decoding: pending, as: UTF8.self))
        pending.removeAll(keepingCapacity: true)
    }
}
