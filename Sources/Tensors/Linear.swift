/// One or several matrices over the same input, their outputs side by side: q | k | v, gate | up.
package struct Linear: Sendable {
    package let parts: [Matrix]
    /// Outputs of all parts together.
    package let rows: Int
    /// Inputs.
    package let columns: Int
    /// What compute threads see of the parts.
    let slices: AlignedBuffer<Slice>

    /// One part without its owner.
    struct Slice: BitwiseCopyable {
        var bytes: UnsafeRawPointer
        var format: StorageFormat
        var rows: Int
        var rowByteCount: Int
        /// Column of the output where the part's first row goes.
        var firstOutput: Int
    }

    /// - Precondition: at least one part, all with as many columns.
    package init(_ parts: [Matrix]) {
        precondition(!parts.isEmpty && parts.allSatisfy { $0.columns == parts[0].columns })
        self.parts = parts
        columns = parts[0].columns
        slices = AlignedBuffer(count: parts.count)
        var rows = 0
        for (index, part) in parts.enumerated() {
            slices.pointer[index] = Slice(
                bytes: part.bytes, format: part.format, rows: part.rows, rowByteCount: part.rowByteCount,
                firstOutput: rows)
            rows += part.rows
        }
        self.rows = rows
    }

    package var byteCount: Int { parts.reduce(0) { $0 + $1.byteCount } }

    /// Whether some part multiplies rounded activations.
    var roundsActivations: Bool { parts.contains { $0.format.roundsActivations } }
}
