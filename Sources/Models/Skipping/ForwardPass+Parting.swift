import Tensors

/// Layers that some rows of a pass run and others do not.
extension ForwardPass {
    /// Every row leaves its keys and values, made of `normed`; x += o · attention(q, K, V) of those that run.
    func attendParted(_ layer: LayerWeights, _ slab: Int, _ pass: LonePass) {
        let running = parting.running
        guard running.count < pass.rowCount else {
            attendWhole(layer, slab, pass)
            return add(scratch.delta.pointer, to: pass.hidden, rowCount: pass.rowCount)
        }
        let heads = apartHeads(of: layer, slab, pass)
        compute.linear(layer.keyValue, scratch.normed.pointer, rowCount: pass.rowCount, output: heads.keyValues.rows)
        compute.rotateAndStoreKeyValues(heads, rowCount: pass.rowCount)
        guard running.count > 0 else { return }
        gather(running, of: scratch.normed.pointer, into: parting.gathered)
        compute.linear(layer.query, parting.gathered.pointer, rowCount: running.count, output: heads.queries.rows)
        compute.rotateQueries(heads, count: running.count)
        mix(heads, pass.segment, count: running.count)
        compute.linear(
            layer.attentionOutput, scratch.mixed.pointer, rowCount: running.count, output: scratch.delta.pointer)
        scatter(parting.ones, running, pass)
    }

    /// x += factor · feedForward(norm(x)) of the rows in `set`; an empty one reads no weights.
    func runFeedForward(
        _ norm: Vector, _ gateAndOther: Linear, _ out: Linear, of set: RowSet, times factors: Vector, _ pass: LonePass
    ) {
        guard set.count > 0 else { return }
        let isAll = set.count == pass.rowCount
        if !isAll { gather(set, of: pass.hidden, into: parting.gathered) }
        normalize(isAll ? pass.hidden : parting.gathered.pointer, norm, rowCount: set.count)
        feedForward(gateAndOther, out, rowCount: set.count, isRowExact: false)
        scatter(factors, set, pass)
    }

    /// y = the rows of x [row, hidden] that are in `set`
    func gather(_ set: RowSet, of x: UnsafePointer<Float>, into y: Vector) {
        compute.gather(
            set.rows.pointer, count: set.count, of: x, width: stack.configuration.hiddenSize, into: y.pointer)
    }

    /// x += factor · delta, in the rows that are in `set`
    private func scatter(_ factors: Vector, _ set: RowSet, _ pass: LonePass) {
        compute.add(
            scratch.delta.pointer, scaledBy: factors.pointer, toRows: set.rows.pointer, count: set.count,
            of: pass.hidden, width: stack.configuration.hiddenSize)
    }

    /// Queries of the running rows in front in `scratch.queryKeyValue`, k | v of every row behind them.
    private func apartHeads(of layer: LayerWeights, _ slab: Int, _ pass: LonePass) -> HeadRows {
        let states = scratch.queryKeyValue.pointer
        return heads(
            of: layer, slab, pass.segment, firstRow: 0, queries: HeadStates(states, stride: layer.query.rows),
            entries: parting.running.entries.pointer,
            keyValues: HeadStates(states + maximumRows * layer.query.rows, stride: layer.keyValue.rows))
    }
}
