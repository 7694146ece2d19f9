import CKernels
import Dispatch

extension Linear {
    /// A quantised matrix made row by row, on all cores, and packed directly into panels.
    ///
    /// - Parameters:
    ///   - format: a quantised format.
    ///   - makeWriter: makes a function, called for consecutive rows, that writes a row in the stored layout.
    /// - Precondition: `columns` is a multiple of the format's block.
    init(
        rows: Int, columns: Int, format: StorageFormat,
        _ makeWriter: @Sendable () -> (_ row: Int, UnsafeMutableRawPointer) -> Void
    ) {
        let (panelRows, kernelFormat) = (Int(VOLLEY_PANEL_ROWS), format.kernelFormat)
        let rowByteCount = columns / format.valuesPerBlock * format.bytesPerBlock
        let panelByteCount = volley_panel_bytes(kernelFormat, columns)
        let panelCount = (rows + panelRows - 1) / panelRows
        let panels = AlignedBuffer<UInt8>(unfilledCount: panelCount * panelByteCount)
        DispatchQueue.concurrentPerform(iterations: (panelCount + Self.run - 1) / Self.run) { number in
            let write = makeWriter()
            let stored = AlignedBuffer<UInt8>(unfilledCount: panelRows * rowByteCount)
            for panel in number * Self.run..<min((number + 1) * Self.run, panelCount) {
                let firstRow = panel * panelRows
                let count = min(panelRows, rows - firstRow)
                for row in 0..<count { write(firstRow + row, stored.pointer + row * rowByteCount) }
                volley_pack_panel(
                    kernelFormat, panels.pointer + panel * panelByteCount, stored.pointer, count, columns)
            }
        }
        self.init(panels: panels, rows: rows, columns: columns, format: format, rowByteCount: rowByteCount)
    }

    private init(
        panels: AlignedBuffer<UInt8>, rows: Int, columns: Int, format: StorageFormat, rowByteCount: Int
    ) {
        self.rows = rows
        self.columns = columns
        byteCount = rows * rowByteCount
        roundsActivations = true
        slices = AlignedBuffer(count: 1)
        slices.pointer[0] = Slice(
            bytes: UnsafeRawPointer(panels.pointer), format: format, rows: rows, columns: columns, firstOutput: 0)
        owners = [panels]
    }

    /// Panels per iteration: enough work to outweigh its overhead.
    private static var run: Int { 8 }
}
