/// How characters are written: the bytes of each set of scalars.
enum CharacterCoding: Sendable {
    /// As UTF-8.
    case plain
    /// As they stand in a JSON string: control characters, quotes and backslashes escaped.
    case json

    /// The grammar of one character of `set`.
    func node(_ set: CharacterRanges) -> GrammarNode {
        switch self {
        case .plain: return Self.utf8(set)
        case .json:
            let escaped = CharacterRanges([0...0x1F, 0x22...0x22, 0x5C...0x5C])
            let escapes = set.intersection(escaped).ranges.flatMap { $0 }.map {
                GrammarNode.literal(Self.escape($0))
            }
            return .choice([Self.utf8(set.subtracting(escaped))] + escapes)
        }
    }

    /// The shortest escape of a control character, a quote or a backslash.
    static func escape(_ value: UInt32) -> String {
        switch value {
        case 0x08: return "\\b"
        case 0x09: return "\\t"
        case 0x0A: return "\\n"
        case 0x0C: return "\\f"
        case 0x0D: return "\\r"
        case 0x22: return "\\\""
        case 0x5C: return "\\\\"
        default:
            let digits = String(value, radix: 16)
            return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        }
    }

    private static func utf8(_ set: CharacterRanges) -> GrammarNode {
        let sequences = set.ranges.flatMap { byteRanges($0.lowerBound, $0.upperBound) }
        // Sequences that differ in their first byte alone share a node.
        let groups = Dictionary(grouping: sequences) { $0.dropFirst() }
        let tails = groups.keys.sorted { left, right in
            left.count != right.count
                ? left.count < right.count
                : left.map(\.lowerBound).lexicographicallyPrecedes(right.map(\.lowerBound))
        }
        let nodes = tails.map { tail in
            let first = (groups[tail] ?? []).reduce(ByteSet()) { $0.union(ByteSet($1[0])) }
            return GrammarNode.sequence([.bytes(first)] + tail.map { .bytes(ByteSet($0)) })
        }
        return nodes.count == 1 ? nodes[0] : .choice(nodes)
    }

    /// The scalars from `low` to `high` as sequences of byte ranges, each of which holds every combination.
    private static func byteRanges(_ low: UInt32, _ high: UInt32) -> [[ClosedRange<UInt8>]] {
        for limit: UInt32 in [0x7F, 0x7FF, 0xFFFF] where low <= limit && high > limit {
            return byteRanges(low, limit) + byteRanges(limit + 1, high)
        }
        guard high > 0x7F else { return [[UInt8(low)...UInt8(high)]] }
        for bits in [6, 12, 18] as [UInt32] {
            let mask: UInt32 = 1 << bits - 1
            guard low & ~mask != high & ~mask else { continue }
            if low & mask != 0 { return byteRanges(low, low | mask) + byteRanges((low | mask) + 1, high) }
            if high & mask != mask { return byteRanges(low, (high & ~mask) - 1) + byteRanges(high & ~mask, high) }
        }
        return [zip(bytes(of: low), bytes(of: high)).map { $0...$1 }]
    }

    private static func bytes(of value: UInt32) -> [UInt8] {
        Unicode.Scalar(value).map { Array(String($0).utf8) } ?? []
    }
}
