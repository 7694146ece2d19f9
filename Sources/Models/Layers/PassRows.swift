import Tensors

/// One sequence's share of a pass: its next rows, which follow the entries of `ring`.
package struct Segment {
    package let ring: KVRing
    package let rowCount: Int
    /// Which layers the sequence's tokens run; nil runs all of them whole.
    let skipping: Skipping?

    package init(ring: KVRing, rowCount: Int, skipping: Skipping? = nil) {
        self.ring = ring
        self.rowCount = rowCount
        self.skipping = skipping
    }

    /// The entry of the first row.
    var firstEntry: Int { ring.count }

    func position(ofRow row: Int) -> Int { ring.position(of: ring.count + row) }
}

/// Rows on their way through the layers: those of one sequence, or of several one behind another.
package struct PassRows {
    package let segments: [Segment]
    /// [rowCount, hidden]: x, in place from layer to layer.
    let hidden: UnsafeMutablePointer<Float>
    package let rowCount: Int

    package init(_ segments: [Segment], hidden: UnsafeMutablePointer<Float>) {
        self.segments = segments
        self.hidden = hidden
        rowCount = segments.reduce(0) { $0 + $1.rowCount }
    }

    /// Whether each row must get the bits that it gets in a pass of 16 rows or fewer. True where sequences share the pass:
    /// OpenBLAS, which takes wider passes over float weights, rounds by the number of rows.
    package var isRowExact: Bool { segments.count > 1 }

    /// Calls `body` with each segment, the pass's row at which it begins, and the part of `set` that lies in it.
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
