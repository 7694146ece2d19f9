import Tensors

/// Some rows of a pass, ascending, and what each one's share of a sum is multiplied by.
final class RowSet {
    private(set) var count = 0
    /// [count]
    let rows: AlignedBuffer<Int>
    /// Of the ring.
    let entries: AlignedBuffer<Int>
    let factors: AlignedBuffer<Float>

    init(maximumRows: Int) {
        rows = AlignedBuffer(count: maximumRows)
        entries = AlignedBuffer(count: maximumRows)
        factors = AlignedBuffer(count: maximumRows)
    }

    func removeAll() { count = 0 }

    func append(row: Int, entry: Int, factor: Float) {
        rows.pointer[count] = row
        entries.pointer[count] = entry
        factors.pointer[count] = factor
        count += 1
    }
}
