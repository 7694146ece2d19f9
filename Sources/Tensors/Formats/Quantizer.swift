import CKernels

/// Between float32 and the storage formats, for whole rows or any run of whole blocks.
///
/// Encoding gives the bits that ggml's reference functions give (`quantize_row_*_ref`, and `gguf.quants` in Python).
package enum Quantizer {
    /// The formats that `encode` writes.
    package static let formats: [StorageFormat] = [.f32, .bf16, .f16, .q8_0, .q4_0, .q4_1]

    /// Writes `values`, whole blocks of `format`, to `output`.
    /// - Precondition: `format` is one of `formats`; `output` has room for the blocks; for a block format all values are
    ///   finite.
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

    /// Reads `count` values, whole blocks of `format`, as float32, exactly.
    package static func decode(
        _ bytes: UnsafeRawPointer, as format: StorageFormat, count: Int, to output: UnsafeMutablePointer<Float>
    ) {
        precondition(count.isMultiple(of: format.valuesPerBlock))
        volley_dequantize(InstructionSet.best.kernels, format.kernelFormat, output, bytes, count)
    }

    /// To nearest, ties to even; a NaN stays one.
    private static func bfloat16(_ value: Float) -> UInt16 {
        let bits = value.bitPattern
        // Without a branch, so that many become vectors.
        let nearest = bits &+ 0x7FFF &+ (bits >> 16 & 1)
        return UInt16(truncatingIfNeeded: (value.isNaN ? bits | 0x40_0000 : nearest) >> 16)
    }

    private static func encodeQ8(_ block: UnsafePointer<Float>, to bytes: UnsafeMutableRawPointer) {
        let scale = max(largestOf16(block), largestOf16(block + 16)) / 127
        let inverse = scale == 0 ? 0 : 1 / scale
        bytes.storeBytes(of: Float16(scale).bitPattern, as: UInt16.self)
        let codes = (bytes + 2).assumingMemoryBound(to: UInt8.self)
        // Without a branch, so that these are vectors.
        for index in 0..<32 {
            // To nearest, ties away from zero: adding 2²³ rounds to a whole number, ties to even.
            let scaled = abs(block[index] * inverse)
            let nearest = (scaled + 0x1p23) - 0x1p23
            let code = scaled - nearest >= 0.5 ? nearest + 1 : nearest
            // Adding 1.5 · 2²³ puts it into the lowest bits; what is infinite or no number, where a scale vanishes, has zeros there.
            let bits = ((block[index] < 0 ? -code : code) + 0x1.8p23).bitPattern
            codes[index] = UInt8(truncatingIfNeeded: bits)
        }
    }

    /// The largest magnitude of 16 values.
    static func largestOf16(_ values: UnsafePointer<Float>) -> Float {
        // Of positive numbers the larger has the larger bits.
        let bits = UnsafeRawPointer(values).loadUnaligned(as: SIMD16<UInt32>.self) & 0x7FFF_FFFF
        return Float(bitPattern: bits.max())
    }

    /// The value of largest magnitude becomes −8.
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

    /// Sixteen bytes: value i low, value i + 16 high, each cut to a whole number from 0 to 15.
    private static func storeNibbles(to bytes: UnsafeMutableRawPointer, _ value: (Int) -> Float) {
        for index in 0..<16 {
            let low = UInt8(value(index).wholePart.clamped(to: 15))
            let high = UInt8(value(index + 16).wholePart.clamped(to: 15))
            bytes.storeBytes(of: low | high << 4, toByteOffset: index, as: UInt8.self)
        }
    }
}

extension Float {
    /// Without the fraction, for numbers of a block's codes; 0 for what is none.
    fileprivate var wholePart: Float { abs(self) < 1024 ? Float(Int32(self)) : 0 }

    fileprivate func clamped(to limit: Float) -> Float { min(max(self, 0), limit) }
}
