/// Decodes UTF-8 that arrives in arbitrary chunks. Emits each character once it is complete, and U+FFFD for each
/// maximal invalid part (Unicode 3.9, "substitution of maximal subparts", as in Swift's own decoding).
struct UTF8Assembler {
    /// Bytes of an incomplete character: 0 to 3.
    private var pending: [UInt8] = []

    /// Appends the text that is final after `bytes`.
    mutating func append(_ bytes: some Sequence<UInt8>, to text: inout String) {
        for byte in bytes { append(byte, to: &text) }
    }

    /// Appends U+FFFD if a character is incomplete.
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

    /// Length of the pending character in bytes.
    private var length: Int { pending[0] < 0xE0 ? 2 : pending[0] < 0xF0 ? 3 : 4 }

    /// Whether `byte` can continue the pending character (Unicode 3.9, table 3-7). Surrogates are held back until
    /// complete, as in Hugging Face's stream decoder.
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
