import CXXHash

/// XXH3, 64 bits: finds damage, not forgery.
struct Checksum: Equatable, Sendable {
    let value: UInt64

    init(of bytes: UnsafeRawBufferPointer) { value = volley_xxh3(bytes.baseAddress, bytes.count) }

    /// From 16 hexadecimal digits.
    init?(_ text: String) {
        guard text.utf8.count == 16, let value = UInt64(text, radix: 16), !text.utf8.contains(UInt8(ascii: "+")) else {
            return nil
        }
        self.value = value
    }

    /// 16 hexadecimal digits.
    var text: String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
