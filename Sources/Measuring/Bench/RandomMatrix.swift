import Decoding
import Dispatch
import Models
import Tensors

/// A vector of ones.
func ones(_ count: Int) -> Vector {
    let vector = Vector(count: count)
    vector.pointer.update(repeating: 1, count: count)
    return vector
}

/// A matrix of random weights, the same for the same seed.
package func randomMatrix(rows: Int, columns: Int, format: StorageFormat, seed: UInt64) -> Matrix {
    let rowByteCount = columns / format.valuesPerBlock * format.bytesPerBlock
    let buffer = AlignedBuffer<UInt8>(unfilledCount: rows * rowByteCount)
    let spread = 1.5 / Float(columns).squareRoot()
    DispatchQueue.concurrentPerform(iterations: rows) { row in
        var generator = SplitMix64(seed: seed << 32 | UInt64(row))
        let bytes = UnsafeMutableRawBufferPointer(
            start: buffer.pointer + row * rowByteCount, count: rowByteCount)
        for start in stride(from: 0, to: rowByteCount, by: 8) {
            var word = generator.next()
            withUnsafeBytes(of: &word) { word in
                let count = min(8, rowByteCount - start)
                UnsafeMutableRawBufferPointer(rebasing: bytes[start..<start + count])
                    .copyMemory(from: UnsafeRawBufferPointer(rebasing: word[..<count]))
            }
        }
        for start in stride(from: 0, to: rowByteCount, by: format.bytesPerBlock) {
            limitValues(
                UnsafeMutableRawBufferPointer(rebasing: bytes[start..<start + format.bytesPerBlock]), format, spread)
        }
    }
    return Matrix(
        rows: rows, columns: columns, format: format, bytes: UnsafeRawPointer(buffer.pointer), owner: buffer)
}

/// Turns a block of random bytes into values of about `-spread` to `spread`. Quantised codes stay random, with a scale set to fit;
/// plain values all get the same exponent.
private func limitValues(_ block: UnsafeMutableRawBufferPointer, _ format: StorageFormat, _ spread: Float) {
    func put(_ value: Float, at offset: Int = 0) {
        block.storeBytes(of: Float16(value).bitPattern, toByteOffset: offset, as: UInt16.self)
    }
    switch format {
    case .f32:
        let bits = block.loadUnaligned(as: UInt32.self) & 0x807F_FFFF | spread.bitPattern & 0x7F80_0000
        block.storeBytes(of: bits, as: UInt32.self)
    case .bf16:
        let exponent = UInt16(truncatingIfNeeded: spread.bitPattern >> 16) & 0x7F80
        block.storeBytes(of: block.loadUnaligned(as: UInt16.self) & 0x807F | exponent, as: UInt16.self)
    case .f16:
        let exponent = Float16(spread).bitPattern & 0x7C00
        block.storeBytes(of: block.loadUnaligned(as: UInt16.self) & 0x83FF | exponent, as: UInt16.self)
    case .q8_0: put(spread / 128)
    case .q4_0: put(spread / 8)
    case .q5_0: put(spread / 16)
    case .q4_1, .q5_1:
        put(spread / (format == .q4_1 ? 8 : 16))
        put(-spread, at: 2)
    case .q4_K, .q5_K:
        put(spread / 32 / (format == .q4_K ? 8 : 16))
        put(spread / 32, at: 2)
    case .q6_K: put(spread / 64 / 32, at: 208)
    case .q2_K:
        put(spread / 8 / 2, at: 80)
        put(spread / 8, at: 82)
    case .q3_K: put(spread / 16 / 4, at: 108)
    case .iq4_nl: put(spread / 127)
    case .iq4_xs: put(spread / 16 / 127)
    }
}
