import CKernels

/// Converts between float32 and storage formats, for any run of whole blocks.
///
/// Encoding gives the bits of ggml's reference functions (`quantize_row_*_ref`, and `gguf.quants` in Python).
package enum Quantizer {
    /// The formats that `encode` writes.
    package static let formats: [StorageFormat] = [.f32, .bf16, .f16, .q8_0, .q4_0, .q4_1]

    /// Writes `values`, whole blocks of `format`, to `output`.
    ///
    /// - Precondition: `format` is one of `formats`; `output` has room for the blocks; all values are finite if
    ///   `format`
    ///   is a block format.
    package static func encode(
        _ values: UnsafeBufferPointer<Float>, as format: StorageFormat, to output: UnsafeMutableRawPointer
    ) {
        precondition(values.count.isMultiple(of: format.valuesPerBlock) && formats.contains(format))
        switch format {
        case .f32:
            for index in values.indices {
                output.storeBytes(of: values[index], toByteOffset: 4 * index, as: Float.self)
            }
        case .bf16:
            for index in values.indices {
                output.storeBytes(of: bfloat16(values[index]), toByteOffset: 2 * index, as: UInt16.self)
            }
        case .f16:
            for index in values.indices {
                output.storeBytes(of: Float16(values[index]).bitPattern, toByteOffset: 2 * index, as: UInt16.self)
            }
        default: encodeBlocks(values, as: format, to: output)
        }
    }

    private static func encodeBlocks(
        _ values: UnsafeBufferPointer<Float>, as format: StorageFormat, to output: UnsafeMutableRawPointer
    ) {
        for start in stride(from: 0, to: values.count, by: format.valuesPerBlock) {
            let block = UnsafeBufferPointer(rebasing: values[start..<start + format.valuesPerBlock])
            let bytes = output + start / format.valuesPerBlock * format.bytesPerBlock
            switch format {
            case .q8_0: block.baseAddress.map { encodeQ8($0, to: bytes) }
            case .q4_0: encodeQ4(block, to: bytes)
            case .q4_1: encodeQ4WithMinimum(block, to: bytes)
            case .f32, .bf16, .f16: preconditionFailure("\(format) has no blocks")
            case .q5_0, .q5_1, .iq4_nl, .q2_K, .q3_K, .q4_K, .q5_K, .q6_K, .iq4_xs:
                preconditionFailure("\(format) is only read")
            }
        }
    }

    /// Converts `count` values, whole blocks of `format`, to float32, exactly.
    package static func decode(
        _ bytes: UnsafeRawPointer, as format: StorageFormat, count: Int, to output: UnsafeMutablePointer<Float>
    ) {
        precondition(count.isMultiple(of: format.valuesPerBlock))
        volley_dequantize(InstructionSet.best.kernels, format.kernelFormat, output, bytes, count)
    }

    /// Rounds to nearest, ties to even. NaN stays NaN.
    private static func bfloat16(_ value: Float) -> UInt16 {
        let bits = value.bitPattern
        // Branch-free, so that loops vectorise.
        let nearest = bits &+ 0x7FFF &+ (bits >> 16 & 1)
        return UInt16(truncatingIfNeeded: (value.isNaN ? bits | 0x40_0000 : nearest) >> 16)
    }

    private static func encodeQ8(_ block: UnsafePointer<Float>, to bytes: UnsafeMutableRawPointer) {
        let scale = max(largestOf16(block), largestOf16(block + 16)) / 127
        let inverse = scale == 0 ? 0 : 1 / scale
        bytes.storeBytes(of: Float16(scale).bitPattern, as: UInt16.self)
        let codes = (bytes + 2).assumingMemoryBound(to: UInt8.self)
        // Branch-free, so that the loop vectorises.
        for index in 0..<32 {
            // To nearest, ties away from zero. Adding 2²³ rounds to an integer, ties to even.
            let scaled = abs(block[index] * inverse)
            let nearest = (scaled + 0x1p23) - 0x1p23
            let code = scaled - nearest >= 0.5 ? nearest + 1 : nearest
            // Adding 1.5 · 2²³ moves the code into the lowest bits. They are 0 for infinity and NaN, which occur when
            // the scale underflows.
            let bits = ((block[index] < 0 ? -code : code) + 0x1.8p23).bitPattern
            codes[index] = UInt8(truncatingIfNeeded: bits)
        }
    }

    /// The largest magnitude of 16 values.
    static func largestOf16(_ values: UnsafePointer<Float>) -> Float {
        // Positive floats order as their bits.
        let bits = UnsafeRawPointer(values).loadUnaligned(as: SIMD16<UInt32>.self) & 0x7FFF_FFFF
        return Float(bitPattern: bits.max())
    }

    /// The value of largest magnitude gets code −8.
    private static func encodeQ4(_ block: UnsafeBufferPointer<Float>, to bytes: UnsafeMutableRawPointer) {
        var extreme: Float = 0
        for value in block where abs(value) > abs(extreme) { extreme = value }
        let scale = extreme / -8
        let inverse = scale == 0 ? 0 : 1 / scale
        bytes.storeBytes(of: Float16(scale).bitPattern, as: UInt16.self)
        storeNibbles(to: bytes + 2) { block[$0] * inverse + 8.5 }
    }

    private static func encodeQ4WithMinimum(
        _ block: UnsafeBufferPointer<Float>, to bytes: UnsafeMutableRawPointer
    ) {
        var (least, largest) = (block[0], block[0])
        for value in block {
            least = min(least, value)
            largest = max(largest, value)
        }
        let scale = (largest - least) / 15
        let inverse = scale == 0 ? 0 : 1 / scale
        bytes.storeBytes(of: Float16(scale).bitPattern, as: UInt16.self)
        bytes.storeBytes(of: Float16(least).bitPattern, toByteOffset: 2, as: UInt16.self)
        storeNibbles(to: bytes + 4) { (block[$0] - least) * inverse + 0.5 }
    }

    /// Writes sixteen bytes: value i in the low nibble, value i + 16 in the high one, each truncated to 0 to 15.
    private static func storeNibbles(to bytes: UnsafeMutableRawPointer, _ value: (Int) -> Float) {
        for index in 0..<16 {
            let low = UInt8(value(index).wholePart.clamped(to: 15))
            let high = UInt8(value(index + 16).wholePart.clamped(to: 15))
            bytes.storeBytes(of: low | high << 4, toByteOffset: index, as: UInt8.self)
        }
    }
}

extension Float {
    /// The value without its fraction; 0 if NaN or outside the range of codes.
    fileprivate var wholePart: Float { abs(self) < 1024 ? Float(Int32(self)) : 0 }

    fileprivate func clamped(to limit: Float) -> Float { min(max(self, 0), limit) }
}
