import CKernels
import Dispatch

/// One or several matrices over the same input, their outputs side by side: q | k | v, gate | up.
///
/// Quantised matrices are packed into panels, as the kernels read them; the others stay where they lie.
// Sendable: the bytes are immutable for as long as `owners` live.
package struct Linear: @unchecked Sendable {
    /// Outputs of all parts together.
    package let rows: Int
    /// Inputs.
    package let columns: Int
    /// Bytes that one multiplication reads.
    package let byteCount: Int
    /// Whether some part multiplies rounded activations.
    let roundsActivations: Bool
    /// What compute threads see of the parts.
    let slices: AlignedBuffer<Slice>
    let owners: [any AnyObject & Sendable]

    /// One part without its owner.
    struct Slice: BitwiseCopyable {
        /// Rows as they are stored, or panels of quantised rows.
        var bytes: UnsafeRawPointer
        var format: StorageFormat
        var rows: Int
        var columns: Int
        /// Column of the output where the part's first row goes.
        var firstOutput: Int
    }

    /// - Precondition: at least one part, all with as many columns.
    package init(_ parts: [Matrix]) {
        precondition(!parts.isEmpty && parts.allSatisfy { $0.columns == parts[0].columns })
        columns = parts[0].columns
        byteCount = parts.reduce(0) { $0 + $1.byteCount }
        roundsActivations = parts.contains { $0.format.roundsActivations }
        slices = AlignedBuffer(count: parts.count)
        var owners: [any AnyObject & Sendable] = []
        var rows = 0
        for (index, part) in parts.enumerated() {
            let panels = part.format.roundsActivations ? packed(part) : nil
            slices.pointer[index] = Slice(
                bytes: panels.map { UnsafeRawPointer($0.pointer) } ?? part.bytes, format: part.format, rows: part.rows,
                columns: columns, firstOutput: rows)
            owners.append(panels ?? part.owner)
            rows += part.rows
        }
        self.owners = owners
        self.rows = rows
    }

    /// Some of the parts alone, with the same bytes: k | v of q | k | v.
    package func parts(_ range: Range<Int>) -> Linear { Linear(range, of: self) }

    private init(_ range: Range<Int>, of whole: Linear) {
        let chosen = range.map { whole.slices.pointer[$0] }
        columns = whole.columns
        rows = chosen.reduce(0) { $0 + $1.rows }
        byteCount = chosen.reduce(0) { $0 + $1.rows * $1.columns / $1.format.valuesPerBlock * $1.format.bytesPerBlock }
        roundsActivations = chosen.contains { $0.format.roundsActivations }
        slices = AlignedBuffer(count: chosen.count)
        for (index, slice) in chosen.enumerated() {
            slices.pointer[index] = slice
            slices.pointer[index].firstOutput -= chosen[0].firstOutput
        }
        owners = Array(whole.owners[range])
    }

    /// Of the parts.
    package var formats: [StorageFormat] { (0..<slices.count).map { slices.pointer[$0].format } }

    /// One row's weights as float32, exactly: [columns].
    package func copyRow(_ row: Int, to output: UnsafeMutablePointer<Float>) {
        precondition((0..<rows).contains(row), "row \(row) of \(rows)")
        for index in 0..<slices.count {
            let slice = slices.pointer[index]
            let number = row - slice.firstOutput
            if (0..<slice.rows).contains(number) { slice.copyRow(number, to: output) }
        }
    }
}

extension Linear.Slice {
    /// Where the row lies, or the panel that holds it.
    func place(ofRow row: Int) -> UnsafeRawPointer {
        format.roundsActivations
            ? bytes + row / Int(VOLLEY_PANEL_ROWS) * volley_panel_bytes(format.kernelFormat, columns)
            : bytes + row * columns * format.bytesPerBlock
    }

    fileprivate func copyRow(_ row: Int, to output: UnsafeMutablePointer<Float>) {
        let place = place(ofRow: row)
        if format.roundsActivations {
            volley_panel_row(format.kernelFormat, output, place, row % Int(VOLLEY_PANEL_ROWS), columns)
        } else {
            volley_dequantize(InstructionSet.best.kernels, format.kernelFormat, output, place, columns)
        }
    }
}

/// The panels of a quantised matrix, packed by all cores.
private func packed(_ matrix: Matrix) -> AlignedBuffer<UInt8> {
    let panelRows = Int(VOLLEY_PANEL_ROWS)
    let panelCount = (matrix.rows + panelRows - 1) / panelRows
    let panelByteCount = volley_panel_bytes(matrix.format.kernelFormat, matrix.columns)
    let panels = AlignedBuffer<UInt8>(unfilledCount: panelCount * panelByteCount)
    // Enough panels at a time to be worth a thread's while.
    let run = max(1, (1 << 18) / panelByteCount)
    DispatchQueue.concurrentPerform(iterations: (panelCount + run - 1) / run) { number in
        for panel in number * run..<min((number + 1) * run, panelCount) {
            let firstRow = panel * panelRows
            volley_pack_panel(
                matrix.format.kernelFormat, panels.pointer + panel * panelByteCount,
                matrix.bytes + firstRow * matrix.rowByteCount, min(panelRows, matrix.rows - firstRow), matrix.columns)
        }
    }
    return panels
}
