import CKernels

/// The exact rows of some panels: nothing that is reference-counted.
struct PanelJob: BitwiseCopyable {
    let kernels: UnsafePointer<volley_kernels>
    let activations: ActivationFormat
    let slice: Linear.Slice
    let input: UnsafeRawPointer
    let output: UnsafeMutablePointer<Float>
    /// [count], ascending.
    let panels: UnsafePointer<Int>
    let count: Int

    /// Panels from which on sharing them gains more than meeting afterwards costs.
    static let worthSharing = 4

    static func at(_ pointer: UnsafeRawPointer) -> PanelJob { pointer.assumingMemoryBound(to: PanelJob.self).pointee }

    func multiply(part: Int, of parts: Int) {
        for index in Compute.share(count, part, parts) {
            let first = panels[index] * ScreenedPanels.width
            let next = index + 1 < count ? slice.place(ofRow: panels[index + 1] * ScreenedPanels.width) : nil
            volley_matmul(
                kernels, activations.kernelActivations, slice.format.kernelFormat, output, slice.rows, slice.bytes,
                input,
                slice.columns, first, min(first + ScreenedPanels.width, slice.rows), 1,
                volley_fetching(asks_ahead: true, next: next))
        }
    }
}
