import Tensors

/// The rows of a pass, segment after segment.
package struct PassRows {
    package let segments: [Segment]
    /// The residual stream, updated in place by each layer: [rowCount, hidden].
    let hidden: UnsafeMutablePointer<Float>
    package let rowCount: Int

    package init(_ segments: [Segment], hidden: UnsafeMutablePointer<Float>) {
        self.segments = segments
        self.hidden = hidden
        rowCount = segments.reduce(0) { $0 + $1.rowCount }
    }

    /// Whether each row must get the bits that it gets in a pass of 16 rows or fewer. True if sequences share the pass:
    /// OpenBLAS, which multiplies more than 16 rows by float weights, rounds differently for each number of rows.
    package var isRowExact: Bool { segments.count > 1 }

    /// Calls `body` with each segment, its first row in the pass, and its range in `set`.
    package func forEachSegment(of set: RowSet, _ body: (Segment, _ firstRow: Int, _ part: Range<Int>) -> Void) {
        var (firstRow, first) = (0, 0)
        for segment in segments {
            let end = firstRow + segment.rowCount
            var last = first
            while last < set.count, set.rows.pointer[last] < end { last += 1 }
            body(segment, firstRow, first..<last)
            (firstRow, first) = (end, last)
        }
    }
}
