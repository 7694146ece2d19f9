import Tensors
import TestSupport

/// A random matrix in any format, with its values computed independently of the code under test.
struct StoredValues {
    let matrix: Matrix
    /// [rows][columns]
    let values: [[Double]]

    /// - Parameters:
    ///   - isExtreme: whether some blocks hold zeros, the largest codes or the largest scales.
    ///   - misalignment: byte offset of the first row from an aligned address.
    init(
        rows: Int, columns: Int, format: StorageFormat, isExtreme: Bool = false, misalignment: Int = 0,
        using generator: inout SeededGenerator
    ) {
        var bytes = [UInt8](repeating: 0, count: misalignment)
        var values: [[Double]] = []
        for _ in 0..<rows {
            var row: [Double] = []
            for _ in 0..<columns / format.valuesPerBlock {
                row += Self.appendBlock(format, isExtreme, to: &bytes, using: &generator)
            }
            values.append(row)
        }
        let buffer = AlignedBuffer<UInt8>(count: bytes.count)
        buffer.pointer.update(from: bytes, count: bytes.count)
        matrix = Matrix(
            rows: rows, columns: columns, format: format, bytes: UnsafeRawPointer(buffer.pointer + misalignment),
            owner: buffer)
        self.values = values
    }

    private static func appendBlock(
        _ format: StorageFormat, _ isExtreme: Bool, to bytes: inout [UInt8], using generator: inout SeededGenerator
    ) -> [Double] {
        func append<T: BitwiseCopyable>(_ value: T) { withUnsafeBytes(of: value) { bytes.append(contentsOf: $0) } }
        func constant(_ kind: Int) -> Float16 {
            kind == 0 ? 0 : kind == 1 ? 1000 : Float16(Float.random(in: -1...1, using: &generator))
        }
        let kind = isExtreme ? Int.random(in: 0..<4, using: &generator) : 3
        switch format {
        case .f32:
            let value = Float.random(in: -1...1, using: &generator)
            append(value)
            return [Double(value)]
        case .bf16:
            let bits = UInt32(Float.random(in: -1...1, using: &generator).bitPattern >> 16)
            append(UInt16(bits))
            return [Double(Float(bitPattern: bits << 16))]
        case .f16:
            let value = Float16(Float.random(in: -1...1, using: &generator))
            append(value)
            return [Double(value)]
        case .q8_0:
            let scale = constant(kind)
            append(scale)
            return (0..<32).map { _ in
                let code =
                    kind == 1
                    ? (Bool.random(using: &generator) ? -128 : 127) : Int8.random(in: -128...127, using: &generator)
                append(code)
                return Double(scale) * Double(code)
            }
        case .iq4_nl:
            let scale = constant(kind)
            append(scale)
            let codes = (0..<32).map { _ in kind == 1 ? 0 : Int.random(in: 0..<16, using: &generator) }
            for index in 0..<16 { append(UInt8(codes[index] | codes[index + 16] << 4)) }
            return codes.map { Double(scale) * iq4Values[$0] }
        case .q4_0, .q4_1, .q5_0, .q5_1:
            let scale = constant(kind)
            append(scale)
            let hasMinimum = format == .q4_1 || format == .q5_1
            let minimum = hasMinimum ? constant(kind) : 0
            if hasMinimum { append(minimum) }
            let limit = format == .q5_0 || format == .q5_1 ? 32 : 16
            let codes = (0..<32).map { _ in kind == 1 ? limit - 1 : Int.random(in: 0..<limit, using: &generator) }
            if limit == 32 {
                append(codes.enumerated().reduce(UInt32(0)) { $0 | UInt32($1.element >> 4) << UInt32($1.offset) })
            }
            for index in 0..<16 { append(UInt8(codes[index] & 15 | (codes[index + 16] & 15) << 4)) }
            return codes.map { Double(scale) * Double(hasMinimum ? $0 : $0 - limit / 2) + Double(minimum) }
        case .q2_K, .q3_K, .q4_K, .q5_K, .q6_K, .iq4_xs:
            var block = SuperblockWriter(isExtreme: kind == 1, generator: generator)
            let scales = (constant(kind), constant(kind))
            let values =
                switch format {
                case .q2_K: block.twoBits(scale: scales.0, scales.1)
                case .q3_K: block.threeBits(scale: scales.0)
                case .q6_K: block.sixBits(scale: scales.0)
                case .iq4_xs: block.table(scale: scales.0)
                default: block.nibbles(format, scale: scales.0, scales.1)
                }
            bytes += block.bytes
            generator = block.generator
            return values
        }
    }
}

/// Values of the codes of iq4_nl and iq4_xs.
private let iq4Values: [Double] = [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113]

/// Writes random superblocks of 256 values, with the largest scales if extreme.
private struct SuperblockWriter {
    let isExtreme: Bool
    var generator: SeededGenerator
    var bytes: [UInt8] = []

    private mutating func numbers(_ count: Int, _ range: Range<Int>, extreme: Int) -> [Int] {
        (0..<count).map { _ in isExtreme ? extreme : Int.random(in: range, using: &generator) }
    }

    private mutating func append(_ scale: Float16) { withUnsafeBytes(of: scale) { bytes.append(contentsOf: $0) } }

    /// q4_K and q5_K.
    mutating func nibbles(_ format: StorageFormat, scale: Float16, _ minimum: Float16) -> [Double] {
        append(scale)
        append(minimum)
        let limit = format == .q4_K ? 16 : 32
        let codes = numbers(256, 0..<limit, extreme: limit - 1)
        let scales = numbers(8, 0..<64, extreme: 63)
        let minimums = numbers(8, 0..<64, extreme: 63)
        for packed in [scales, minimums] {
            for j in 0..<4 { bytes.append(UInt8(packed[j] | (packed[j + 4] >> 4) << 6)) }
        }
        for j in 4..<8 { bytes.append(UInt8(scales[j] & 15 | (minimums[j] & 15) << 4)) }
        if format == .q5_K {
            for l in 0..<32 { bytes.append(packed(codes, from: l, step: 32, count: 8, bit: 4, width: 1)) }
        }
        for start in stride(from: 0, to: 256, by: 64) {
            for l in 0..<32 { bytes.append(packed(codes, from: start + l, step: 32, count: 2, bit: 0, width: 4)) }
        }
        return codes.enumerated().map { index, code in
            Double(scale) * Double(scales[index / 32] * code) - Double(minimum) * Double(minimums[index / 32])
        }
    }

    mutating func twoBits(scale: Float16, _ minimum: Float16) -> [Double] {
        let codes = numbers(256, 0..<4, extreme: 3)
        let scales = numbers(16, 0..<16, extreme: 15)
        let minimums = numbers(16, 0..<16, extreme: 15)
        for (scale, minimum) in zip(scales, minimums) { bytes.append(UInt8(scale | minimum << 4)) }
        appendTwoBits(codes)
        append(scale)
        append(minimum)
        return codes.enumerated().map { index, code in
            Double(scale) * Double(scales[index / 16] * code) - Double(minimum) * Double(minimums[index / 16])
        }
    }

    mutating func threeBits(scale: Float16) -> [Double] {
        let codes = numbers(256, 0..<8, extreme: 0)
        let scales = numbers(16, 0..<64, extreme: 0)
        for l in 0..<32 { bytes.append(packed(codes, from: l, step: 32, count: 8, bit: 2, width: 1)) }
        appendTwoBits(codes)
        for i in 0..<8 { bytes.append(UInt8(scales[i] & 15 | (scales[i + 8] & 15) << 4)) }
        for i in 0..<4 { bytes.append(packed(scales, from: i, step: 4, count: 4, bit: 4, width: 2)) }
        append(scale)
        return codes.enumerated().map { Double(scale) * Double((scales[$0 / 16] - 32) * ($1 - 4)) }
    }

    /// The lower two bits of 128 codes at a time.
    private mutating func appendTwoBits(_ codes: [Int]) {
        for start in [0, 128] {
            for l in 0..<32 { bytes.append(packed(codes, from: start + l, step: 32, count: 4, bit: 0, width: 2)) }
        }
    }

    /// iq4_xs.
    mutating func table(scale: Float16) -> [Double] {
        append(scale)
        let codes = numbers(256, 0..<16, extreme: 0)
        let scales = numbers(8, 0..<64, extreme: 0)
        for start in [0, 4] { bytes.append(packed(scales, from: start, step: 1, count: 4, bit: 4, width: 2)) }
        for start in stride(from: 0, to: 8, by: 2) {
            bytes.append(packed(scales, from: start, step: 1, count: 2, bit: 0, width: 4))
        }
        for start in stride(from: 0, to: 256, by: 32) {
            for l in 0..<16 { bytes.append(packed(codes, from: start + l, step: 16, count: 2, bit: 0, width: 4)) }
        }
        return codes.enumerated().map { Double(scale) * Double(scales[$0 / 32] - 32) * iq4Values[$1] }
    }

    mutating func sixBits(scale: Float16) -> [Double] {
        let codes = numbers(256, 0..<64, extreme: 0)
        let scales = numbers(16, -128..<128, extreme: -128)
        for start in [0, 128] {
            for l in 0..<64 { bytes.append(packed(codes, from: start + l, step: 64, count: 2, bit: 0, width: 4)) }
        }
        for start in [0, 128] {
            for l in 0..<32 { bytes.append(packed(codes, from: start + l, step: 32, count: 4, bit: 4, width: 2)) }
        }
        for scale in scales { bytes.append(UInt8(bitPattern: Int8(scale))) }
        append(scale)
        return codes.enumerated().map { Double(scale) * Double(scales[$0 / 16] * ($1 - 32)) }
    }

    /// `width` bits, from `bit` on, of each of `count` codes; the first code is lowest.
    private func packed(_ codes: [Int], from start: Int, step: Int, count: Int, bit: Int, width: Int) -> UInt8 {
        (0..<count).reduce(0) { byte, index in
            byte | UInt8(((codes[start + step * index] >> bit) & ((1 << width) - 1)) << (width * index))
        }
    }
}

/// Random float32 values, with blocks of zeros and of large values if extreme.
func randomActivations(_ count: Int, isExtreme: Bool = false, using generator: inout SeededGenerator) -> [Float] {
    (0..<count).map { index in
        let spread: Float = isExtreme ? [0, 1e-20, 1, 1e4][index / 32 % 4] : 1
        return Float.random(in: -1...1, using: &generator) * spread
    }
}
