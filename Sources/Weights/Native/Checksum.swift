import CXXHash

/// XXH3, 64 bits. Detects damage, not forgery.
package struct Checksum: Equatable, Sendable {
    package let value: UInt64

    package init(of bytes: UnsafeRawBufferPointer) { value = volley_xxh3(bytes.baseAddress, bytes.count) }

    /// Parses 16 hexadecimal digits, as written by `text`.
    init?(_ text: String) {
        guard let value = UInt64(text, radix: 16) else { return nil }
        self.value = value
        guard self.text == text else { return nil }
    }

    /// 16 hexadecimal digits.
    package var text: String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
