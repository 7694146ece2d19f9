import Tensors
import TestSupport

/// A random matrix in any format with its values worked out one by one, apart from the code under test.
struct StoredValues {
    let matrix: Matrix
    /// [rows][columns]
    let values: [[Double]]

    /// - Parameters:
    ///   - isExtreme: blocks of zeros, of the largest codes and the largest scales among the others.
    ///   - misalignment: bytes that the first row lies beyond an aligned address.
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
        case .q4_0, .q4_1:
            let scale = constant(kind)
            append(scale)
            let minimum = format == .q4_1 ? constant(kind) : 0
            if format == .q4_1 { append(minimum) }
            let codes = (0..<32).map { _ in kind == 1 ? 15 : Int.random(in: 0..<16, using: &generator) }
            for index in 0..<16 { append(UInt8(codes[index] | codes[index + 16] << 4)) }
            return codes.map { Double(scale) * Double(format == .q4_0 ? $0 - 8 : $0) + Double(minimum) }
        }
    }
}

/// Random float32 values, with blocks of zeros and of large values where they are to be extreme.
func randomActivations(_ count: Int, isExtreme: Bool = false, using generator: inout SeededGenerator) -> [Float] {
    (0..<count).map { index in
        let spread: Float = isExtreme ? [0, 1e-20, 1, 1e4][index / 32 % 4] : 1
        return Float.random(in: -1...1, using: &generator) * spread
    }
}
