import Tensors

/// The rows of a pass that run each part of one layer, with scratch memory.
final class LayerSelection {
    /// Rows whose queries attend.
    let attending: RowSet
    /// Rows that run the feed-forward, each with the factor of its output.
    let feeding: RowSet
    /// Rows that run the adapter in its place, each with the factor of its output.
    let adapting: RowSet
    /// Rows whose output is blended with their input by the gate (mixture-of-depths).
    let blending: RowSet
    /// Rows whose output is compared with their input (early exit).
    let comparing: RowSet
    /// [row, hidden]: selected rows of a pass, contiguous.
    let gathered: AlignedBuffer<Float>
    /// [row, hidden]: the inputs of `blending`, followed by those of `comparing`.
    let inputs: AlignedBuffer<Float>
    /// [kernel row, code]: the outputs of routers' encoders.
    let codes: AlignedBuffer<Float>
    /// [row]
    let gates: AlignedBuffer<Float>

    init(stack: LayerStack, maximumRows: Int) {
        let codeWidth = stack.layers.compactMap { $0.routing?.router?.encoder.rows }.max() ?? 0
        func rows() -> RowSet { RowSet(maximumRows: maximumRows) }
        (attending, feeding, adapting, blending, comparing) = (rows(), rows(), rows(), rows(), rows())
        // Not filled, so that models without skipped layers touch no memory.
        gathered = AlignedBuffer(unfilledCount: maximumRows * stack.configuration.hiddenSize)
        inputs = AlignedBuffer(unfilledCount: maximumRows * stack.configuration.hiddenSize)
        codes = AlignedBuffer(count: Compute.kernelRows * codeWidth)
        gates = AlignedBuffer(count: maximumRows)
    }

    func removeAll() {
        for set in [attending, feeding, adapting, blending, comparing] { set.removeAll() }
    }
}

/// One row of a pass.
private struct Row {
    let index: Int
    /// The row's entry in the ring of its sequence.
    let entry: Int
    /// The position of that entry.
    let position: Int
}

extension LayerSelection {
    /// Selects the rows that run a layer, and records what each position runs. The layer's gates have been computed.
    func choose(_ layer: LayerWeights, _ index: Int, _ pass: PassRows) {
        removeAll()
        pass.forEachRow { segment, row in
            guard let skipping = segment.skipping else { return run(row) }
            switch skipping.choice {
            case .all: run(row)
            case .only(let layers):
                guard layers.contains(index) else { return }
                run(row)
                skipping.log.record.note(index, at: row.position, share: 1)
            case .untilSaturated(let cosine):
                guard skipping.log.record.goesOn(to: index, at: row.position, until: cosine) else { return }
                run(row)
                comparing.append(row: row.index, entry: row.entry, factor: 1)
            case .routed:
                guard let routing = layer.routing else {
                    run(row)
                    return skipping.log.record.note(index, at: row.position, share: 1)
                }
                route(row, by: routing, index, skipping.log)
            }
        }
    }

    private func run(_ row: Row) {
        attending.append(row: row.index, entry: row.entry, factor: 1)
        feeding.append(row: row.index, entry: row.entry, factor: 1)
    }

    /// Selects what a row of a routed layer runs, by its gate g.
    ///
    /// FlexiDepth (arXiv 2503.23798): with h = x + attention(norm(x)), a row that runs the layer becomes
    /// y = h + g · feedForward(norm(h)); one that skips it becomes y = x + (1 − g) · adapter(norm(x)).
    ///
    /// MindSkip (arXiv 2410.13184): attention and feed-forward each run unscaled, or are skipped.
    ///
    /// Mixture-of-depths (arXiv 2404.02258): a row that runs the layer becomes y = x + g · (layer(x) − x); one that skips it
    /// stays x.
    private func route(_ row: Row, by routing: RoutingWeights, _ index: Int, _ log: DepthLog) {
        let gate = gates.pointer[row.index]
        let runs = gate > Gate.threshold
        if runs { attending.append(row: row.index, entry: row.entry, factor: 1) }
        switch routing {
        case .flexiDepth:
            (runs ? feeding : adapting).append(row: row.index, entry: row.entry, factor: runs ? gate : 1 - gate)
        case .mindSkip:
            // Half of the layer; `chooseFeeding` selects the other half.
            return log.record.note(index, at: row.position, share: runs ? 0.5 : 0, gate: gate / 2)
        case .mixtureOfDepths where runs:
            feeding.append(row: row.index, entry: row.entry, factor: 1)
            blending.append(row: row.index, entry: row.entry, factor: gate)
        case .mixtureOfDepths: break
        }
        log.record.note(index, at: row.position, share: runs ? 1 : 0, gate: gate)
    }

    /// Selects the rows that run a MindSkip layer's feed-forward, once its gates have been computed. Rows of plans without
    /// routing run it if they attended.
    func chooseFeeding(_ index: Int, _ pass: PassRows) {
        feeding.removeAll()
        var attended = 0
        pass.forEachRow { segment, row in
            let attends = attended < attending.count && attending.rows.pointer[attended] == row.index
            if attends { attended += 1 }
            guard let skipping = segment.skipping, skipping.choice == .routed else {
                if attends { feeding.append(row: row.index, entry: row.entry, factor: 1) }
                return
            }
            let gate = gates.pointer[row.index]
            let runs = gate > Gate.threshold
            if runs { feeding.append(row: row.index, entry: row.entry, factor: 1) }
            skipping.log.record.noteMore(index, at: row.position, share: runs ? 0.5 : 0, gate: gate / 2)
        }
    }
}

extension PassRows {
    fileprivate func forEachRow(_ body: (Segment, Row) -> Void) {
        var index = 0
        for segment in segments {
            for number in 0..<segment.rowCount {
                let position = segment.position(ofRow: number)
                body(segment, Row(index: index, entry: segment.firstEntry + number, position: position))
                index += 1
            }
        }
    }
}

extension DepthRecord {
    /// Whether a token goes on to `layer`: it ran the layer before, and the cosine between that layer's input and output was
    /// not above `threshold`.
    fileprivate func goesOn(to layer: Int, at position: Int, until threshold: Float) -> Bool {
        guard layer > 0 else { return true }
        return ran(layer - 1, at: position) && gate(layer - 1, at: position) ?? 0 <= threshold
    }
}
