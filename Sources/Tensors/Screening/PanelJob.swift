import CKernels

/// Computes the exact outputs of some panels. Holds no references, to avoid reference counting on compute threads.
struct PanelJob: BitwiseCopyable {
    let kernels: UnsafePointer<volley_kernels>
    let activations: ActivationFormat
    let slice: Linear.Slice
    let input: UnsafeRawPointer
    let output: UnsafeMutablePointer<Float>
    /// [count], ascending.
    let panels: UnsafePointer<Int>
    let count: Int

    /// Fewest panels for which sharing gains more than the barrier costs.
    static let parallelThreshold = 4

    static func at(_ pointer: UnsafeRawPointer) -> PanelJob { pointer.assumingMemoryBound(to: PanelJob.self).pointee }

    func multiply(part: Int, of parts: Int) {
        for index in Compute.share(count, part, parts) {
            let first = panels[index] * ScreenedPanels.width
            let next = index + 1 < count ? slice.address(ofRow: panels[index + 1] * ScreenedPanels.width) : nil
            volley_matmul(
                kernels, activations.kernelActivations, slice.format.kernelFormat, output, slice.rows, slice.bytes,
                input,
                slice.columns, first, min(first + ScreenedPanels.width, slice.rows), 1,
                volley_prefetch(is_enabled: true, next: next))
        }
    }
}
