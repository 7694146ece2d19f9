/// A smaller copy of a matrix, with the distance of each row from its copy. It bounds every output of the matrix, and
/// so excludes rows that cannot give the largest (`Compute.linearForArgmax`).
// Sendable: immutable after init.
package struct RowScreen: Sendable {
    /// The copy: [rows, columns].
    let copy: Linear
    /// ‖row − its copy‖₂, rounded up; infinity if not finite: [rows]
    package let distances: AlignedBuffer<Float>
    /// Whether the matrix is quantised, so that its products use the rounded input too.
    let isOfQuantized: Bool
    /// Upper bound of ‖row‖₂ and ‖its copy‖₂ over all rows with a finite distance.
    let largestNorm: Double

    /// Formats for a copy of rows in `format`, the smallest first. Empty if no format is both much smaller and accurate
    /// enough to exclude most rows.
    package static func copyFormats(of format: StorageFormat) -> [StorageFormat] {
        switch format {
        case .f32, .bf16, .f16: [.q6_K, .q8_0]
        case .q8_0: [.q6_K]
        default: []
        }
    }

    /// The smallest copy format whose blocks `columns` values fill; nil if there is none.
    package static func copyFormat(of format: StorageFormat, columns: Int) -> StorageFormat? {
        copyFormats(of: format).first { $0.rowByteCount(columns: columns) != nil }
    }

    /// Copies `matrix`, on all cores; nil if its format and width have no copy format.
    package init?(of matrix: Matrix) {
        guard let format = Self.copyFormat(of: matrix.format, columns: matrix.columns) else { return nil }
        isOfQuantized = matrix.format.roundsActivations
        let distances = AlignedBuffer<Float>(unfilledCount: matrix.rows)
        let norms = AlignedBuffer<Double>(unfilledCount: matrix.rows)
        copy = Linear(rows: matrix.rows, columns: matrix.columns, format: format) {
            let copier = RowCopier(of: matrix, to: format)
            return { row, bytes in (distances.pointer[row], norms.pointer[row]) = copier.copy(row, to: bytes) }
        }
        self.distances = distances
        largestNorm = (0..<matrix.rows).reduce(0) { max($0, norms.pointer[$1]) }
    }

    /// Bytes that screening all rows reads.
    package var byteCount: Int { copy.byteCount + distances.count * MemoryLayout<Float>.stride }
}
