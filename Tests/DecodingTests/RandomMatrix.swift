import Tensors
import TestSupport

/// Random values in any storage format, scaled so that activations stay near 1.
func randomMatrix(
    rows: Int, columns: Int, format: StorageFormat, using generator: inout SeededGenerator
) -> Matrix {
    let byteCount = rows * (format.rowByteCount(columns: columns) ?? 0)
    let buffer = AlignedBuffer<UInt8>(count: byteCount)
    let spread = Float(1.5) / Float(columns).squareRoot()
    var bytes: [UInt8] = []
    bytes.reserveCapacity(byteCount)
    for _ in 0..<byteCount / format.bytesPerBlock {
        bytes += randomBlock(format, spread: spread, using: &generator)
    }
    buffer.pointer.update(from: bytes, count: byteCount)
    return Matrix(
        rows: rows, columns: columns, format: format, bytes: UnsafeRawPointer(buffer.pointer), owner: buffer)
}

/// Random codes with scales that give values from `-spread` to `spread`.
private func randomBlock(
    _ format: StorageFormat, spread: Float, using generator: inout SeededGenerator
) -> [UInt8] {
    let value = Float.random(in: -spread...spread, using: &generator)
    var bytes = (0..<format.bytesPerBlock).map { _ in UInt8.random(in: 0...255, using: &generator) }
    func put<T: BitwiseCopyable>(_ value: T, at offset: Int = 0) {
        bytes.withUnsafeMutableBytes { $0.storeBytes(of: value, toByteOffset: offset, as: T.self) }
    }
    switch format {
    case .f32: put(value)
    case .bf16: put(UInt16(truncatingIfNeeded: value.bitPattern >> 16))
    case .f16: put(Float16(value))
    case .q8_0: put(Float16(spread / 128))
    case .q4_0: put(Float16(spread / 8))
    case .q5_0: put(Float16(spread / 16))
    case .q4_1, .q5_1:
        put(Float16(spread / (format == .q4_1 ? 8 : 16)))
        put(Float16(-spread), at: 2)
    case .q4_K, .q5_K:
        put(Float16(spread / 63 / (format == .q4_K ? 8 : 16)))
        put(Float16(spread / 63), at: 2)
    case .q6_K: put(Float16(spread / 128 / 32), at: 208)
    case .q2_K:
        put(Float16(spread / 15 / 2), at: 80)
        put(Float16(spread / 15), at: 82)
    case .q3_K: put(Float16(spread / 32 / 4), at: 108)
    case .iq4_nl: put(Float16(spread / 127))
    case .iq4_xs: put(Float16(spread / 32 / 127))
    }
    return bytes
}

/// The decoded values, in float32.
func decoded(_ matrix: Matrix) -> Matrix {
    let buffer = AlignedBuffer<Float>(count: matrix.rows * matrix.columns)
    for row in 0..<matrix.rows { matrix.copyRow(row, to: buffer.pointer + row * matrix.columns) }
    return Matrix(
        rows: matrix.rows, columns: matrix.columns, format: .f32, bytes: UnsafeRawPointer(buffer.pointer), owner: buffer
    )
}
