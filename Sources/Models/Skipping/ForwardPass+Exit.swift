import Tensors

/// Layers that a token leaves for good once they change little (CALM, arXiv 2207.07061).
extension ForwardPass {
    /// Every row leaves its keys and values; those that have not left run, and leave where the cosine between what went
    /// in and what came out is above `threshold`.
    func runUnsaturated(
        _ layer: LayerWeights, above threshold: Float, _ index: Int, _ slab: Int, _ pass: LonePass,
        _ depths: inout DepthRecord
    ) {
        normalize(pass.hidden, layer.attentionNorm, rowCount: pass.rowCount)
        let running = parting.running
        running.removeAll()
        for row in 0..<pass.rowCount where Self.goesOn(to: index, at: pass.position(ofRow: row), threshold, depths) {
            running.append(row: row, entry: pass.firstEntry + row, factor: 1)
        }
        gather(running, of: pass.hidden, into: parting.before)
        attendParted(layer, slab, pass)
        runFeedForward(layer.feedForwardNorm, layer.gateUp, layer.down, of: running, times: parting.ones, pass)
        let width = stack.configuration.hiddenSize
        for number in 0..<running.count {
            let (before, row) = (parting.before.pointer + number * width, running.rows.pointer[number])
            let cosine = cosine(before, pass.hidden + row * width, count: width)
            depths.note(index, at: pass.position(ofRow: row), share: 1, gate: Float(cosine))
        }
    }

    private static func goesOn(to index: Int, at position: Int, _ threshold: Float, _ depths: DepthRecord) -> Bool {
        guard index > 0 else { return true }
        return depths.ran(index - 1, at: position) && depths.gate(index - 1, at: position) ?? 0 <= threshold
    }
}

/// Of the angle between two vectors; 1 where one is zero, as it then says nothing.
package func cosine(_ x: UnsafePointer<Float>, _ y: UnsafePointer<Float>, count: Int) -> Double {
    var (product, left, right) = (0.0, 0.0, 0.0)
    for index in 0..<count {
        let (a, b) = (Double(x[index]), Double(y[index]))
        product += a * b
        left += a * a
        right += b * b
    }
    let size = (left * right).squareRoot()
    return size > 0 ? product / size : 1
}
