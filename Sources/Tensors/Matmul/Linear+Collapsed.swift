import Dispatch

extension Linear {
    /// One linear in place of several: first + Σ (other − first), added up in float32 (LaCo, arXiv 2402.11187).
    ///
    /// Each part gets the format that it has in `first`, or q8_0 where that is one that is only read.
    ///
    /// - Precondition: all have the same parts.
    /// - Throws: where quantised parts were to hold what is not finite.
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

    /// Rows of each part, and columns.
    private var shape: [Int] { (0..<slices.count).map { slices.pointer[$0].rows } + [columns] }

    /// One part, in float32.
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
