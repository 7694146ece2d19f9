import Tensors

/// Which rows of a pass run which part of one layer, and the scratch memory for it.
final class LayerSelection {
    /// Rows whose queries attend.
    let attending: RowSet
    /// Rows that run the feed-forward, and what its output is multiplied by.
    let feeding: RowSet
    /// Rows that run the adapter instead, likewise.
    let adapting: RowSet
    /// Rows whose output is mixed with their input, by their gates.
    let blending: RowSet
    /// Rows whose output is compared with their input.
    let comparing: RowSet
    /// [row, hidden]: some rows of a pass, close together.
    let gathered: AlignedBuffer<Float>
    /// [row, hidden]: the inputs of `blending`, and behind them those of `comparing`.
    let inputs: AlignedBuffer<Float>
    /// [kernel row, code]: what routers encode.
    let codes: AlignedBuffer<Float>
    /// [row]
    let gates: AlignedBuffer<Float>

    init(stack: LayerStack, maximumRows: Int) {
        let codeWidth = stack.layers.compactMap { $0.routing?.router?.encoder.rows }.max() ?? 0
        func rows() -> RowSet { RowSet(maximumRows: maximumRows) }
        (attending, feeding, adapting, blending, comparing) = (rows(), rows(), rows(), rows(), rows())
        // Unfilled, so that models that never need them touch no memory.
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
    /// Its entry in its sequence's ring, and the position at which that lies.
    let entry: Int
    let position: Int
}

extension LayerSelection {
    /// Chooses the rows of a layer whose gates are open, and records what each position runs.
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

    /// FlexiDepth (arXiv 2503.23798): with gate g, a row that runs becomes y = h + g · feedForward(norm(h)),
    /// h = x + attention(norm(x)), and one that skips x + (1 − g) · adapter(norm(x)).
    ///
    /// MindSkip (arXiv 2410.13184): attention and feed-forward each run, unscaled, or add nothing.
    ///
    /// Mixture-of-depths (arXiv 2404.02258): a row that runs becomes y = x + g · (layer(x) − x), one that skips stays x.
    private func route(_ row: Row, by routing: RoutingWeights, _ index: Int, _ log: DepthLog) {
        let gate = gates.pointer[row.index]
        let runs = gate > Gate.threshold
        if runs { attending.append(row: row.index, entry: row.entry, factor: 1) }
        switch routing {
        case .flexiDepth:
            (runs ? feeding : adapting).append(row: row.index, entry: row.entry, factor: runs ? gate : 1 - gate)
        case .mindSkip:
            // A half of the layer; `chooseFeeding` decides on the other.
            return log.record.note(index, at: row.position, share: runs ? 0.5 : 0, gate: gate / 2)
        case .mixtureOfDepths where runs:
            feeding.append(row: row.index, entry: row.entry, factor: 1)
            blending.append(row: row.index, entry: row.entry, factor: gate)
        case .mixtureOfDepths: break
        }
        log.record.note(index, at: row.position, share: runs ? 1 : 0, gate: gate)
    }

    /// Chooses the rows that run a MindSkip layer's feed-forward, once its gates are open: of other plans' rows those that
    /// attended.
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
    /// Whether a token goes on to `layer`: until the layer before it changed the residual so little that the cosine between
    /// its input and its output was above `threshold`.
    fileprivate func goesOn(to layer: Int, at position: Int, until threshold: Float) -> Bool {
        guard layer > 0 else { return true }
        return ran(layer - 1, at: position) && gate(layer - 1, at: position) ?? 0 <= threshold
    }
}
