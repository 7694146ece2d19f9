/// Damages a file's bytes the way disks, networks and attackers do.
public struct FileMutator {
    public var random: SeededGenerator

    public init(seed: UInt64) { random = SeededGenerator(seed: seed) }

    /// One to four changes.
    public mutating func mutated(_ bytes: [UInt8], isText: Bool) -> [UInt8] {
        var bytes = bytes
        for _ in 0..<Int.random(in: 1...4, using: &random) {
            isText && Bool.random(using: &random) ? swapNumberInText(&bytes) : change(&bytes)
        }
        return bytes
    }

    private mutating func change(_ bytes: inout [UInt8]) {
        guard let place = bytes.indices.randomElement(using: &random) else { return bytes.append(0) }
        switch Int.random(in: 0..<7, using: &random) {
        case 0, 1: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        case 2: bytes[place] = UInt8.random(in: 0...255, using: &random)
        case 3: bytes.removeSubrange(place...)
        case 4: bytes.insert(contentsOf: randomBytes(), at: place)
        case 5: bytes.removeSubrange(place..<min(bytes.count, place + Int.random(in: 1...16, using: &random)))
        default: swapNumber(&bytes, at: place)
        }
    }

    private mutating func randomBytes() -> [UInt8] {
        (0..<Int.random(in: 1...16, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
    }

    /// Writes a number that breaks careless arithmetic over the bytes at `place`, in 1, 4 or 8 of them.
    private mutating func swapNumber(_ bytes: inout [UInt8], at place: Int) {
        let numbers: [UInt64] = [
            0, 1, 2, 7, 8, 9, 31, 32, 64, 255, 1 << 16, 1 << 31, 1 << 32, 1 << 62, 1 << 63, .max, .max - 7,
            UInt64(Int32.max), UInt64(Int.max), UInt64(bytes.count), UInt64(bytes.count - place),
        ]
        let number = numbers.randomElement(using: &random) ?? 0
        for index in 0..<([1, 4, 8].randomElement(using: &random) ?? 8) where place + index < bytes.count {
            bytes[place + index] = UInt8(truncatingIfNeeded: number >> UInt64(8 * index))
        }
    }

    /// Puts another number, or another kind of value, in the place of a run of digits.
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
