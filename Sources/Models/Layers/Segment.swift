import Tensors

/// One sequence's rows in a pass. They follow the entries of `ring`.
package struct Segment {
    package let ring: KVRing
    package let rowCount: Int
    /// The layers that the sequence's tokens run; nil for all.
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
