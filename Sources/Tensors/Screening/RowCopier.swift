/// Copies rows of a matrix into another format, one at a time, and measures the error of each copy.
struct RowCopier {
    private let matrix: Matrix
    private let format: StorageFormat
    /// [columns]
    private let row: AlignedBuffer<Float>
    private let copied: AlignedBuffer<Float>

    /// - Precondition: rows are whole blocks of `format`, which is q8_0 or q6_K.
    init(of matrix: Matrix, to format: StorageFormat) {
        self.matrix = matrix
        self.format = format
        row = AlignedBuffer(unfilledCount: matrix.columns)
        copied = AlignedBuffer(unfilledCount: matrix.columns)
    }

    /// Writes a row's copy; zeros if the row holds NaN or infinity.
    ///
    /// - Returns: ‖row − copy‖₂, rounded up, and an upper bound of ‖row‖₂ and ‖copy‖₂; infinity and 0 if either is not
    ///   finite.
    func copy(_ number: Int, to bytes: UnsafeMutableRawPointer) -> (distance: Float, norm: Double) {
        matrix.copyRow(number, to: row.pointer)
        let norm = Self.norm(of: row)
        guard norm.isFinite else {
            let byteCount = row.count / format.valuesPerBlock * format.bytesPerBlock
            bytes.initializeMemory(as: UInt8.self, repeating: 0, count: byteCount)
            return (.infinity, 0)
        }
        encode(to: bytes)
        Quantizer.decode(bytes, as: format, count: row.count, to: copied.pointer)
        let distance = Self.norm(of: row, less: copied)
        guard distance.isFinite else { return (.infinity, 0) }
        // Rounding up exceeds the error of the sums in double by far.
        return (Float(distance).nextUp, (norm + distance) * (1 + 1e-9))
    }

    private func encode(to bytes: UnsafeMutableRawPointer) {
        guard format == .q6_K else {
            return Quantizer.encode(UnsafeBufferPointer(start: row.pointer, count: row.count), as: format, to: bytes)
        }
        for block in 0..<row.count / format.valuesPerBlock {
            Quantizer.encodeQ6K(row.pointer + block * format.valuesPerBlock, to: bytes + block * format.bytesPerBlock)
        }
    }

    /// Squares that are summed in parallel. Block sizes are multiples of it.
    private static var lanes: Int { 8 }

    private static func norm(of row: AlignedBuffer<Float>) -> Double {
        var sums = SIMD8<Double>()
        for start in stride(from: 0, to: row.count, by: lanes) {
            for lane in 0..<lanes {
                let value = Double(row.pointer[start + lane])
                sums[lane] += value * value
            }
        }
        return sums.sum().squareRoot()
    }

    private static func norm(of row: AlignedBuffer<Float>, less other: AlignedBuffer<Float>) -> Double {
        var sums = SIMD8<Double>()
        for start in stride(from: 0, to: row.count, by: lanes) {
            for lane in 0..<lanes {
                let value = Double(row.pointer[start + lane]) - Double(other.pointer[start + lane])
                sums[lane] += value * value
            }
        }
        return sums.sum().squareRoot()
    }
}
