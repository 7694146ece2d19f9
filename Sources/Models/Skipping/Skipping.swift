/// Which layers a sequence's tokens run, and the record of those that did.
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

/// A sequence's record of layers, which its passes fill in.
package final class DepthLog {
    package var record: DepthRecord

    package init(layerCount: Int) { record = DepthRecord(layerCount: layerCount) }

    func extend(to count: Int) { record.extend(to: count) }
}

extension Segment {
    /// Whether any of its tokens may run the layer; else the layer is as if it were not there.
    func has(_ index: Int) -> Bool { skipping?.choice.includes(index) ?? true }

    /// Whether all of its tokens run the layer whole, whatever their residuals are.
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
