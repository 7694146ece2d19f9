import Tensors

/// A layer that some rows skip: by routers, by a plan without the layer, or by early exit.
///
/// Rows that run the layer are gathered across sequences, so that weights are read once. Rows that skip it still store keys
/// and values, which later tokens attend to.
extension ForwardPass {
    func runSelected(_ layer: LayerWeights, _ index: Int, _ slab: Int, _ pass: PassRows) {
        guard pass.segments.contains(where: { $0.has(index) }) else { return }
        let (normed, delta) = (scratch.normed.pointer, scratch.delta.pointer)
        let routing = pass.segments.contains { $0.skipping?.choice == .routed } ? layer.routing : nil

        normalize(normed, pass.hidden, layer.attentionNorm, rowCount: pass.rowCount)
        if let routing { openGates(routing, normed, rowCount: pass.rowCount) }
        selection.choose(layer, index, pass)
        keepInputs(pass)

        if selection.attending.count == pass.rowCount {
            attend(delta, normed, layer, slab, pass)
        } else {
            attend(delta, normed, layer, index, slab, rows: selection.attending, pass)
        }
        scatter(pass.hidden, delta, rows: selection.attending)

        if case .mindSkip(_, let gate)? = routing {
            normalize(normed, pass.hidden, layer.feedForwardNorm, rowCount: pass.rowCount)
            open(gate, normed, rowCount: pass.rowCount)
            selection.chooseFeeding(index, pass)
        }
        feed(layer.feedForward, layer.feedForwardNorm, rows: selection.feeding, pass)
        if let adapter = routing?.adapter { feed(adapter, layer.feedForwardNorm, rows: selection.adapting, pass) }

        blend(pass)
        compare(index, pass)
    }

    /// x += factor · feedForward(norm(x)), for the rows in `set`. An empty set reads no weights.
    private func feed(_ weights: FeedForward, _ norm: Vector, rows set: RowSet, _ pass: PassRows) {
        guard set.count > 0 else { return }
        let (normed, delta) = (scratch.normed.pointer, scratch.delta.pointer)
        if set.count == pass.rowCount {
            normalize(normed, pass.hidden, norm, rowCount: set.count)
        } else {
            gather(selection.gathered.pointer, pass.hidden, rows: set)
            normalize(normed, selection.gathered.pointer, norm, rowCount: set.count)
        }
        feed(delta, normed, weights, rowCount: set.count, isRowExact: pass.isRowExact)
        scatter(pass.hidden, delta, rows: set)
    }

    /// Copies the layer's input for the rows whose output is blended or compared with it.
    private func keepInputs(_ pass: PassRows) {
        gather(selection.inputs.pointer, pass.hidden, rows: selection.blending)
        gather(comparedInputs, pass.hidden, rows: selection.comparing)
    }

    private var comparedInputs: UnsafeMutablePointer<Float> {
        selection.inputs.pointer + selection.blending.count * stack.configuration.hiddenSize
    }

    /// y = x + g · (layer(x) − x), for the rows in `blending`.
    private func blend(_ pass: PassRows) {
        let (set, width) = (selection.blending, stack.configuration.hiddenSize)
        for number in 0..<set.count {
            let (input, gate) = (selection.inputs.pointer + number * width, set.factors.pointer[number])
            let row = pass.hidden + set.rows.pointer[number] * width
            // In this form a gate of 1 gives exactly the layer's output.
            for column in 0..<width { row[column] = gate * row[column] + (1 - gate) * input[column] }
        }
    }

    /// Records the cosine between the layer's input and output for the rows in `comparing` (CALM, arXiv 2207.07061).
    private func compare(_ index: Int, _ pass: PassRows) {
        let (set, width) = (selection.comparing, stack.configuration.hiddenSize)
        pass.forEachSegment(of: set) { segment, _, part in
            for number in part {
                let output = pass.hidden + set.rows.pointer[number] * width
                let cosine = cosine(comparedInputs + number * width, output, count: width)
                segment.skipping?.log.record.note(
                    index, at: segment.ring.position(of: set.entries.pointer[number]), share: 1, gate: Float(cosine))
            }
        }
    }

    /// y [set.count, hidden] = the rows of x [row, hidden] that are in `set`.
    func gather(_ y: UnsafeMutablePointer<Float>, _ x: UnsafePointer<Float>, rows set: RowSet) {
        compute.gather(set.rows.pointer, count: set.count, of: x, width: stack.configuration.hiddenSize, into: y)
    }

    /// y += factor · x, in the rows of y [row, hidden] that are in `set`; x is [set.count, hidden].
    private func scatter(_ y: UnsafeMutablePointer<Float>, _ x: UnsafePointer<Float>, rows set: RowSet) {
        compute.add(
            x, scaledBy: set.factors.pointer, toRows: set.rows.pointer, count: set.count, of: y,
            width: stack.configuration.hiddenSize)
    }
}

/// The cosine of the angle between two vectors; 1 if one of them is zero.
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
