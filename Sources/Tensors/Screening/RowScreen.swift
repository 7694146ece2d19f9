/// A smaller copy of a matrix, and how far each row of it is from its own: enough to say which rows cannot give the largest
/// product with an input (`Compute.linearForArgmax`).
// Sendable: nothing changes once it is made.
package struct RowScreen: Sendable {
    /// [rows, columns], in fewer bytes.
    let copy: Linear
    /// ‖row − its copy‖₂, rounded up; infinite where that is no number: [rows]
    package let distances: AlignedBuffer<Float>
    /// Whether the exact products are with the rounded input too.
    let isOfQuantized: Bool
    /// No less than ‖row‖₂ and ‖its copy‖₂ of any row whose distance is finite.
    let largestNorm: Double

    /// What a copy of rows in `format` may be in, the smallest first; none where nothing is much smaller and close enough to leave
    /// few rows.
    package static func copyFormats(of format: StorageFormat) -> [StorageFormat] {
        switch format {
        case .f32, .bf16, .f16: [.q6_K, .q8_0]
        case .q8_0: [.q6_K]
        default: []
        }
    }

    /// The smallest whose blocks rows of `columns` values fill; nil where there is none.
    package static func copyFormat(of format: StorageFormat, columns: Int) -> StorageFormat? {
        copyFormats(of: format).first { $0.rowByteCount(columns: columns) != nil }
    }

    /// Copies `matrix`, by all cores; nil where its format and width have no copy.
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

    /// Bytes that one look at every row reads.
    package var byteCount: Int { copy.byteCount + distances.count * MemoryLayout<Float>.stride }
}
