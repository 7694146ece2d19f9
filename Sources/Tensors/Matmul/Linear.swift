import CKernels
import Dispatch

/// One or several matrices that multiply the same input, with their outputs side by side: q | k | v, gate | up.
///
/// Quantised matrices are packed into the kernels' panels. Float matrices stay where they are.
// Sendable: the bytes never change, and `owners` keep them alive.
package struct Linear: @unchecked Sendable {
    /// Outputs of all matrices together.
    package let rows: Int
    /// Inputs.
    package let columns: Int
    /// Bytes that one matmul reads.
    package let byteCount: Int
    /// Whether some matrix multiplies rounded activations.
    let roundsActivations: Bool
    /// Whether some matrix has a float format.
    var hasFloats: Bool { (0..<slices.count).contains { !slices.pointer[$0].format.roundsActivations } }
    /// The matrices, as compute threads see them.
    let slices: AlignedBuffer<Slice>
    let owners: [any AnyObject & Sendable]

    /// One matrix without its owner.
    struct Slice: BitwiseCopyable {
        /// Rows in the stored layout, or panels if quantised.
        var bytes: UnsafeRawPointer
        var format: StorageFormat
        var rows: Int
        var columns: Int
        /// Output column of the first row.
        var firstOutput: Int
    }

    /// - Precondition: at least one matrix; all have the same number of columns.
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

    /// Some of the matrices, sharing their bytes: k | v of q | k | v.
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

    /// The format of each matrix.
    package var formats: [StorageFormat] { (0..<slices.count).map { slices.pointer[$0].format } }

    /// The bytes of each matrix, as the kernels read them; valid while the matrices live.
    package var regions: [UnsafeRawBufferPointer] {
        (0..<slices.count).map { slices.pointer[$0] }.map { slice in
            UnsafeRawBufferPointer(start: slice.bytes, count: slice.byteCount)
        }
    }

    /// Converts one row's weights to float32, exactly: [columns].
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
    /// Bytes of the rows, or of their panels.
    fileprivate var byteCount: Int {
        let panelRows = Int(VOLLEY_PANEL_ROWS)
        return format.roundsActivations
            ? (rows + panelRows - 1) / panelRows * volley_panel_bytes(format.kernelFormat, columns)
            : rows * columns * format.bytesPerBlock
    }

    /// Address of a row, or of the panel that holds it.
    func address(ofRow row: Int) -> UnsafeRawPointer {
        format.roundsActivations
            ? bytes + row / Int(VOLLEY_PANEL_ROWS) * volley_panel_bytes(format.kernelFormat, columns)
            : bytes + row * columns * format.bytesPerBlock
    }

    fileprivate func copyRow(_ row: Int, to output: UnsafeMutablePointer<Float>) {
        let address = address(ofRow: row)
        if format.roundsActivations {
            volley_panel_row(format.kernelFormat, output, address, row % Int(VOLLEY_PANEL_ROWS), columns)
        } else {
            volley_dequantize(InstructionSet.best.kernels, format.kernelFormat, output, address, columns)
        }
    }
}

/// Packs a quantised matrix into panels, on all cores.
private func packed(_ matrix: Matrix) -> AlignedBuffer<UInt8> {
    let panelRows = Int(VOLLEY_PANEL_ROWS)
    let panelCount = (matrix.rows + panelRows - 1) / panelRows
    let panelByteCount = volley_panel_bytes(matrix.format.kernelFormat, matrix.columns)
    let panels = AlignedBuffer<UInt8>(unfilledCount: panelCount * panelByteCount)
    // Panels per iteration: enough work to outweigh its overhead.
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
