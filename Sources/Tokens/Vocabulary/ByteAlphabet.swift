/// The printable characters that represent bytes in byte-level BPE (Radford et al. 2019, GPT-2's `bytes_to_unicode`).
///
/// Printable Latin-1 bytes represent themselves; the other 68 map to U+0100 and up, in order.
enum ByteAlphabet {
    /// The UTF-8 of each byte's character, one or two bytes.
    static let characters: [[UInt8]] = scalars.map { Array(String(Unicode.Scalar($0) ?? " ").utf8) }

    private static let scalars: [UInt16] = {
        var next: UInt16 = 0x100
        return (0..<256).map { (byte: UInt16) in
            switch byte {
            case 0x21...0x7E, 0xA1...0xAC, 0xAE...0xFF: return byte
            default:
                defer { next += 1 }
                return next
            }
        }
    }()

    /// The byte of each scalar value, or nil for a Latin-1 character outside the alphabet.
    private static let bytes: [UInt8?] = {
        var bytes = [UInt8?](repeating: nil, count: 0x144)
        for (byte, scalar) in scalars.enumerated() { bytes[Int(scalar)] = UInt8(byte) }
        return bytes
    }()

    /// Appends the bytes that a token's text represents. Text with other characters represents itself.
    static func appendBytes(of text: some Collection<UInt8>, to output: inout [UInt8]) {
        let start = output.count
        for scalar in String(decoding: text, as: UTF8.self).unicodeScalars {
            guard scalar.value < bytes.count, let byte = bytes[Int(scalar.value)] else {
                output.removeSubrange(start...)
                output.append(contentsOf: text)
                return
            }
            output.append(byte)
        }
    }
}
