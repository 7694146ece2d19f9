/// The layers that a sequence's tokens run, and the record of those that they ran.
package struct Skipping {
    package let choice: LayerChoice
    package let log: DepthLog

    /// Nil for a choice that skips nothing.
    package init?(_ choice: LayerChoice, log: DepthLog) {
        guard choice != .all else { return nil }
        self.choice = choice
        self.log = log
    }
}

extension Segment {
    /// Whether any token of the sequence may run the layer. If not, the layer stores no keys and values either.
    func has(_ index: Int) -> Bool { skipping?.choice.includes(index) ?? true }

    /// Whether all tokens of the sequence run the whole layer, whatever their residuals are.
    func runsWhole(_ layer: LayerWeights, _ index: Int) -> Bool {
        switch skipping?.choice {
        case nil, .all: true
        case .only(let layers): layers.contains(index)
        case .routed: layer.routing == nil
        case .untilSaturated: false
        }
    }
}

extension ForwardPass {
    /// Records a layer that every row ran.
    func noteWhole(_ index: Int, _ pass: PassRows) {
        for segment in pass.segments {
            guard let log = segment.skipping?.log else { continue }
            for row in 0..<segment.rowCount { log.record.note(index, at: segment.position(ofRow: row), share: 1) }
        }
    }
}
