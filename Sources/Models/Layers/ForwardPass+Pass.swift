extension ForwardPass {
    /// One sequence's share of a pass: the entries that follow those in `ring`.
    package struct Segment {
        package let ring: KVRing
        package let rowCount: Int

        package init(ring: KVRing, rowCount: Int) {
            self.ring = ring
            self.rowCount = rowCount
        }

        var firstEntry: Int { ring.count }

        func position(ofRow row: Int) -> Int { ring.position(of: ring.count + row) }
    }

    /// Rows on their way through the layers: those of one sequence, or of several one behind another.
    struct Pass<Segments: Collection<Segment>> {
        let segments: Segments
        /// [rowCount, hidden]
        let hidden: UnsafeMutablePointer<Float>
        let rowCount: Int
        /// Whether each row must get the bits that it gets in a pass of 16 rows or fewer.
        let isRowExact: Bool

        init(_ segments: Segments, hidden: UnsafeMutablePointer<Float>, isRowExact: Bool) {
            self.segments = segments
            self.hidden = hidden
            self.isRowExact = isRowExact
            rowCount = segments.reduce(0) { $0 + $1.rowCount }
        }
    }

    /// One sequence by itself: only there may rows part.
    typealias LonePass = Pass<CollectionOfOne<Segment>>
}

extension ForwardPass.LonePass {
    var segment: ForwardPass.Segment { segments[segments.startIndex] }
    var firstEntry: Int { segment.firstEntry }
    func position(ofRow row: Int) -> Int { segment.position(ofRow: row) }
}
