/// A sequence's depth record, filled in by its passes.
package final class DepthLog {
    package var record: DepthRecord

    package init(layerCount: Int) { record = DepthRecord(layerCount: layerCount) }

    func extend(to count: Int) { record.extend(to: count) }
}
