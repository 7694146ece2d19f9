/// Mutates a file's bytes as faulty disks, networks and attackers do.
public struct FileMutator {
    public var random: SeededGenerator

    public init(seed: UInt64) { random = SeededGenerator(seed: seed) }

    /// Returns `bytes` with one to four changes.
    public mutating func mutated(_ bytes: [UInt8], isText: Bool) -> [UInt8] {
        var bytes = bytes
        for _ in 0..<Int.random(in: 1...4, using: &random) {
            isText && Bool.random(using: &random) ? swapNumberInText(&bytes) : change(&bytes)
        }
        return bytes
    }

    private mutating func change(_ bytes: inout [UInt8]) {
        guard let offset = bytes.indices.randomElement(using: &random) else { return bytes.append(0) }
        switch Int.random(in: 0..<7, using: &random) {
        case 0, 1: bytes[offset] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        case 2: bytes[offset] = UInt8.random(in: 0...255, using: &random)
        case 3: bytes.removeSubrange(offset...)
        case 4: bytes.insert(contentsOf: randomBytes(), at: offset)
        case 5: bytes.removeSubrange(offset..<min(bytes.count, offset + Int.random(in: 1...16, using: &random)))
        default: swapNumber(&bytes, at: offset)
        }
    }

    private mutating func randomBytes() -> [UInt8] {
        (0..<Int.random(in: 1...16, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
    }

    /// Overwrites 1, 4 or 8 bytes at `offset` with a number that breaks careless arithmetic.
    private mutating func swapNumber(_ bytes: inout [UInt8], at offset: Int) {
        let numbers: [UInt64] = [
            0, 1, 2, 7, 8, 9, 31, 32, 64, 255, 1 << 16, 1 << 31, 1 << 32, 1 << 62, 1 << 63, .max, .max - 7,
            UInt64(Int32.max), UInt64(Int.max), UInt64(bytes.count), UInt64(bytes.count - offset),
        ]
        let number = numbers.randomElement(using: &random) ?? 0
        for index in 0..<([1, 4, 8].randomElement(using: &random) ?? 8) where offset + index < bytes.count {
            bytes[offset + index] = UInt8(truncatingIfNeeded: number >> UInt64(8 * index))
        }
    }

    /// Replaces a run of digits with another number or another kind of value.
    private mutating func swapNumberInText(_ bytes: inout [UInt8]) {
        let isDigit = { (byte: UInt8) in (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
        guard let start = bytes.indices.filter({ isDigit(bytes[$0]) }).randomElement(using: &random) else { return }
        let end = bytes[start...].firstIndex { !isDigit($0) } ?? bytes.count
        let numbers = [
            "0", "1", "-1", "3", "8", "2147483647", "2147483648", "4294967296", "9223372036854775807",
            "9223372036854775808", "-9223372036854775808", "1e300", "1e-300", "0.5", "1e999", "null", "true", "\"x\"",
            "[]", "{}", "[1,2]", "",
        ]
        bytes.replaceSubrange(start..<end, with: Array((numbers.randomElement(using: &random) ?? "0").utf8))
    }
}
