import Tensors

/// Selected rows of a pass in ascending order, each with a factor.
package final class RowSet {
    package private(set) var count = 0
    /// [count]: rows of the pass.
    package let rows: AlignedBuffer<Int>
    /// [count]: their entries in their sequences' rings.
    package let entries: AlignedBuffer<Int>
    /// [count]: the factors of what is added to the rows' residuals.
    package let factors: AlignedBuffer<Float>

    package init(maximumRows: Int) {
        rows = AlignedBuffer(count: maximumRows)
        entries = AlignedBuffer(count: maximumRows)
        factors = AlignedBuffer(count: maximumRows)
    }

    package func removeAll() { count = 0 }

    package func append(row: Int, entry: Int, factor: Float) {
        rows.pointer[count] = row
        entries.pointer[count] = entry
        factors.pointer[count] = factor
        count += 1
    }
}
