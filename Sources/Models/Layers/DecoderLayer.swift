import Tensors

/// One decoder layer (Qwen3 technical report). Functions take the output first, then the input, then the weights.
extension ForwardPass {
    /// h = x + attention(norm(x)), y = h + feedForward(norm(h)), for every row of the pass.
    func run(_ layer: LayerWeights, _ slab: Int, _ pass: PassRows) {
        let (x, rowCount) = (pass.hidden, pass.rowCount)
        let (normed, delta) = (scratch.normed.pointer, scratch.delta.pointer)

        normalize(normed, x, layer.attentionNorm, rowCount: rowCount)
        attend(delta, normed, layer, slab, pass)
        add(delta, to: x, rowCount: rowCount)

        normalize(normed, x, layer.feedForwardNorm, rowCount: rowCount)
        feed(delta, normed, layer.feedForward, rowCount: rowCount, isRowExact: pass.isRowExact)
        add(delta, to: x, rowCount: rowCount)
    }
}
