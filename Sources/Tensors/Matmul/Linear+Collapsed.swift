import Dispatch

extension Linear {
    /// Merges several linears into one: first + Σ (other − first), summed in float32 (LaCo, arXiv 2402.11187).
    ///
    /// Each matrix keeps its format in `first`, or becomes q8_0 if that format cannot be encoded.
    ///
    /// - Precondition: all have matrices of the same shapes.
    /// - Throws: if a quantised matrix would hold values that are not finite.
    package static func collapsed(_ first: Linear, _ others: [Linear]) throws(ConversionError) -> Linear {
        precondition(others.allSatisfy { $0.shape == first.shape })
        var parts: [Matrix] = []
        for part in 0..<first.slices.count {
            let format = first.formats[part]
            parts.append(
                try sum(first, others, part: part)
                    .converted(to: Quantizer.formats.contains(format) ? format : .q8_0))
        }
        return Linear(parts)
    }

    /// Rows of each matrix, then columns.
    private var shape: [Int] { (0..<slices.count).map { slices.pointer[$0].rows } + [columns] }

    /// The sum of one matrix, in float32.
    private static func sum(_ first: Linear, _ others: [Linear], part: Int) -> Matrix {
        let (slice, columns) = (first.slices.pointer[part], first.columns)
        let (rows, firstRow) = (slice.rows, slice.firstOutput)
        let sums = AlignedBuffer<Float>(unfilledCount: rows * columns)
        DispatchQueue.concurrentPerform(iterations: rows) { row in
            let sum = sums.pointer + row * columns
            let other = AlignedBuffer<Float>(count: columns)
            first.copyRow(firstRow + row, to: sum)
            for column in 0..<columns { sum[column] *= Float(1 - others.count) }
            for linear in others {
                linear.copyRow(firstRow + row, to: other.pointer)
                for column in 0..<columns { sum[column] += other.pointer[column] }
            }
        }
        return Matrix(
            rows: rows, columns: columns, format: .f32, bytes: UnsafeRawPointer(sums.pointer), owner: sums)
    }
}
