import Tensors

/// Grouped-query attention (arXiv 2305.13245), each sequence over its own keys and values.
extension ForwardPass {
    /// output = o · softmax(q · kᵀ / √headWidth) · v, for every row.
    ///
    /// - Parameters:
    ///   - output: [rowCount, hidden]
    ///   - normed: [rowCount, hidden]
    ///   - slab: the layer's index in each ring.
    func attend(
        _ output: UnsafeMutablePointer<Float>, _ normed: UnsafePointer<Float>, _ layer: LayerWeights, _ slab: Int,
        _ pass: PassRows
    ) {
        let (states, mixed) = (scratch.queryKeyValue.pointer, scratch.mixed.pointer)
        let width = layer.queryKeyValue.rows
        compute.linear(
            layer.queryKeyValue, normed, rowCount: pass.rowCount, isRowExact: pass.isRowExact, output: states)
        var row = 0
        for segment in pass.segments {
            let rows = states + row * width
            let heads = heads(
                of: layer, slab, segment, firstRow: row, queries: HeadStates(rows, stride: width),
                entries: scratch.entries.pointer + row,
                keyValues: HeadStates(rows + layer.query.rows, stride: width))
            compute.rotateAndStore(heads, rowCount: segment.rowCount)
            mix(mixed + row * layer.query.rows, heads, segment, firstRow: row, count: segment.rowCount)
            row += segment.rowCount
        }
        compute.linear(
            layer.attentionOutput, mixed, rowCount: pass.rowCount, isRowExact: pass.isRowExact, output: output)
    }

    /// Attention for the rows in `set` only. Keys and values are stored for every row whose sequence has the layer.
    ///
    /// - Parameters:
    ///   - output: [set.count, hidden]
    ///   - normed: [rowCount, hidden]
    ///   - index: the layer's index in the model.
    ///   - slab: the layer's index in each ring.
    func attend(
        _ output: UnsafeMutablePointer<Float>, _ normed: UnsafePointer<Float>, _ layer: LayerWeights, _ index: Int,
        _ slab: Int, rows set: RowSet, _ pass: PassRows
    ) {
        let mixed = scratch.mixed.pointer
        let queries = HeadStates(scratch.queryKeyValue.pointer, stride: layer.query.rows)
        let keyValues = HeadStates(queries.rows + maximumRows * queries.stride, stride: layer.keyValue.rows)
        compute.linear(
            layer.keyValue, normed, rowCount: pass.rowCount, isRowExact: pass.isRowExact, output: keyValues.rows)
        if set.count > 0 {
            gather(selection.gathered.pointer, normed, rows: set)
            compute.linear(
                layer.query, selection.gathered.pointer, rowCount: set.count, isRowExact: pass.isRowExact,
                output: queries.rows)
        }
        pass.forEachSegment(of: set) { segment, firstRow, part in
            guard segment.has(index) else { return }
            let heads = heads(
                of: layer, slab, segment, firstRow: firstRow,
                queries: HeadStates(queries.rows + part.lowerBound * queries.stride, stride: queries.stride),
                entries: set.entries.pointer + part.lowerBound,
                keyValues: HeadStates(keyValues.rows + firstRow * keyValues.stride, stride: keyValues.stride))
            compute.rotateAndStoreKeyValues(heads, rowCount: segment.rowCount)
            guard !part.isEmpty else { return }
            compute.rotateQueries(heads, count: part.count)
            mix(mixed + part.lowerBound * queries.stride, heads, segment, firstRow: firstRow, count: part.count)
        }
        guard set.count > 0 else { return }
        compute.linear(
            layer.attentionOutput, mixed, rowCount: set.count, isRowExact: pass.isRowExact, output: output)
    }

    /// mixed = softmax(q · kᵀ / √headWidth) · v, for `count` rotated queries.
    ///
    /// - Parameter firstRow: the pass's row at which the segment begins.
    private func mix(
        _ mixed: UnsafeMutablePointer<Float>, _ heads: HeadRows, _ segment: Segment, firstRow: Int, count: Int
    ) {
        let mask = AttentionMask(
            windowStarts: scratch.windowStarts.pointer + firstRow,
            sinks: segment.ring.entryCount(before: segment.ring.shape.sinks))
        let scale = 1 / Float(stack.configuration.headWidth).squareRoot()
        measured(.attention) {
            compute.attend(AttentionPass(heads, mask: mask, rowCount: count, scale: scale), output: mixed)
        }
    }

    /// - Parameter firstRow: the pass's row at which the segment begins.
    private func heads(
        of layer: LayerWeights, _ slab: Int, _ segment: Segment, firstRow: Int, queries: HeadStates,
        entries: UnsafePointer<Int>, keyValues: HeadStates
    ) -> HeadRows {
        let angles = firstRow * stack.inverseFrequencies.count
        return HeadRows(
            queries: queries, queryEntries: entries, keyValues: keyValues,
            headCount: stack.configuration.headCount, queryNorm: layer.queryNorm?.pointer,
            keyNorm: layer.keyNorm?.pointer, epsilon: stack.configuration.normEpsilon,
            cosines: scratch.cosines.pointer + angles, sines: scratch.sines.pointer + angles,
            keys: segment.ring.keys(slab), values: segment.ring.values(slab), ring: segment.ring.layout,
            firstOverflow: segment.ring.firstOverflow, firstEntry: segment.firstEntry)
    }
}
