extension Quantizer {
    /// Writes 256 values as one block of q6_K. The largest of each 16 gets code ±31, or nearly.
    ///
    /// ggml's reference searches for scales that lose slightly less and takes far longer. This is for screens only; no
    /// checkpoint is written with it.
    ///
    /// - Precondition: all values are finite.
    package static func encodeQ6K(_ values: UnsafePointer<Float>, to bytes: UnsafeMutableRawPointer) {
        var largest = SIMD16<Float>()
        for group in 0..<16 { largest[group] = largestOf16(values + 16 * group) }
        let step = Float16(largest.max() / (31 * 127))
        let inverse = step == 0 ? 0 : 1 / (31 * Float(step))
        bytes.storeBytes(of: step.bitPattern, toByteOffset: 208, as: UInt16.self)
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 256) { codes in
            guard let codes = codes.baseAddress else { return }
            for group in 0..<16 {
                let scale = min((largest[group] * inverse).rounded(), 127)
                bytes.storeBytes(of: Int8(scale), toByteOffset: 192 + group, as: Int8.self)
                let stretch = scale == 0 ? 0 : 1 / (scale * Float(step))
                storeCodes(of: values + 16 * group, times: stretch, to: codes + 16 * group)
            }
            let bytes = bytes.assumingMemoryBound(to: UInt8.self)
            for half in 0..<2 {
                packCodes(codes + 128 * half, lower: bytes + 64 * half, upper: bytes + 128 + 32 * half)
            }
        }
    }

    /// Writes 16 codes from 0 to 63: value · stretch, rounded to nearest, plus 32.
    private static func storeCodes(
        of values: UnsafePointer<Float>, times stretch: Float, to codes: UnsafeMutablePointer<UInt8>
    ) {
        for index in 0..<16 {
            let scaled = max(min(values[index] * stretch, 31), -32)
            // Adding 1.5 · 2²³ rounds to an integer in the lowest bits.
            codes[index] = UInt8(truncatingIfNeeded: (scaled + (0x1.8p23 + 32)).bitPattern)
        }
    }

    /// Packs half a block: the nibbles of values i and i + 64 share a byte, and the upper two bits of four values 32
    /// apart share another.
    private static func packCodes(
        _ codes: UnsafePointer<UInt8>, lower: UnsafeMutablePointer<UInt8>, upper: UnsafeMutablePointer<UInt8>
    ) {
        for index in 0..<64 { lower[index] = codes[index] & 15 | codes[index + 64] << 4 }
        for index in 0..<32 {
            let (first, second) = (codes[index] >> 4, codes[index + 32] >> 4)
            let (third, fourth) = (codes[index + 64] >> 4, codes[index + 96] >> 4)
            upper[index] = first | second << 2 | third << 4 | fourth << 6
        }
    }
}
