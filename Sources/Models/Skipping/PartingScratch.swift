import Tensors

/// Scratch memory of passes whose rows part: some run a layer, others do not.
final class PartingScratch {
    let running: RowSet
    let skipping: RowSet
    /// [row, hidden]: some rows of a pass, close together.
    let gathered: AlignedBuffer<Float>
    /// [row, hidden]: those rows as they went into the layer.
    let before: AlignedBuffer<Float>
    /// [kernel row, code]
    let codes: AlignedBuffer<Float>
    /// [row]
    let gates: AlignedBuffer<Float>
    let ones: AlignedBuffer<Float>

    init(stack: LayerStack, maximumRows: Int) {
        let codeWidth = stack.layers.compactMap { $0.routing?.router?.encoder.rows }.max() ?? 0
        running = RowSet(maximumRows: maximumRows)
        skipping = RowSet(maximumRows: maximumRows)
        // Without a byte touched: most models never need them.
        gathered = AlignedBuffer(unfilledCount: maximumRows * stack.configuration.hiddenSize)
        before = AlignedBuffer(unfilledCount: maximumRows * stack.configuration.hiddenSize)
        codes = AlignedBuffer(count: Compute.kernelRows * codeWidth)
        gates = AlignedBuffer(count: maximumRows)
        ones = AlignedBuffer(count: maximumRows)
        ones.pointer.update(repeating: 1, count: maximumRows)
    }
}
