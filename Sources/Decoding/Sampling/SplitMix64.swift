/// SplitMix64 (Steele, Lea, Flood, OOPSLA 2014): small, seeded, the same on every machine.
package struct SplitMix64: RandomNumberGenerator {
    private var state: UInt64

    package init(seed: UInt64) { state = seed }

    /// The generator of `seed` after `count` numbers.
    ///
    /// - Parameter stream: generators of the same seed and different streams are independent; 0 is that of `init(seed:)`.
    init(seed: UInt64, stream: UInt64, skipping count: Int) {
        state = seed
        if stream > 0 {
            state ^= stream &* 0xD6E8_FEB8_6659_FD93
            state = next()
        }
        state &+= UInt64(truncatingIfNeeded: count) &* Self.increment
    }

    private static let increment: UInt64 = 0x9E37_79B9_7F4A_7C15

    package mutating func next() -> UInt64 {
        state &+= Self.increment
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// A number in 0 ..< 1 with 53 random bits.
    package mutating func nextUnit() -> Double { Double(next() >> 11) * 0x1p-53 }
}
