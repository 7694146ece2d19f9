import Tensors

/// Some rows of a pass, ascending, each with a factor.
final class RowSet {
    private(set) var count = 0
    /// [count]: rows of the pass.
    let rows: AlignedBuffer<Int>
    /// [count]: their entries in their sequences' rings.
    let entries: AlignedBuffer<Int>
    /// [count]: multiplies what a row adds to its residual.
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
