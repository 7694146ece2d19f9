/// Which layers each position ran, and what routers said: filled by passes whose plan skips layers.
public struct DepthRecord: Sendable {
    /// Layers of the model.
    public let layerCount: Int
    /// [position][layer]
    private var runs: [Bool] = []
    /// [position][layer]; NaN where nothing was asked.
    private var gates: [Float] = []

    package init(layerCount: Int) { self.layerCount = layerCount }

    /// Positions that some layer has seen.
    public var positionCount: Int { runs.count / layerCount }

    /// Whether the token at `position` ran `layer`.
    public func ran(_ layer: Int, at position: Int) -> Bool { runs[position * layerCount + layer] }

    /// What the router said, or the cosine by which the token left or went on; nil where nothing was asked.
    public func gate(_ layer: Int, at position: Int) -> Float? {
        let gate = gates[position * layerCount + layer]
        return gate.isNaN ? nil : gate
    }

    /// Layers that each position ran.
    public var layersUsed: [Int] {
        (0..<positionCount).map { position in
            runs[position * layerCount..<(position + 1) * layerCount].count { $0 }
        }
    }

    /// Share of the positions that ran each layer, from 0 to 1: [layer]; 0 where there are no positions.
    public var runShares: [Double] {
        (0..<layerCount).map { layer in
            Double((0..<positionCount).count { ran(layer, at: $0) }) / Double(max(positionCount, 1))
        }
    }

    /// The record of the positions from `first` on, counted from 0.
    package func suffix(from first: Int) -> DepthRecord {
        var suffix = DepthRecord(layerCount: layerCount)
        suffix.runs = Array(runs.dropFirst(first * layerCount))
        suffix.gates = Array(gates.dropFirst(first * layerCount))
        return suffix
    }

    /// Makes room for positions `0 ..< count`.
    package mutating func reserve(_ count: Int) {
        runs.reserveCapacity(count * layerCount)
        gates.reserveCapacity(count * layerCount)
    }

    /// Begins positions that no layer has seen; their layers count as skipped until they run.
    mutating func extend(to count: Int) {
        guard count > positionCount else { return }
        runs.append(contentsOf: repeatElement(false, count: count * layerCount - runs.count))
        gates.append(contentsOf: repeatElement(.nan, count: count * layerCount - gates.count))
    }

    package mutating func truncate(to count: Int) {
        guard count < positionCount else { return }
        runs.removeSubrange((count * layerCount)...)
        gates.removeSubrange((count * layerCount)...)
    }

    /// Says that `count` positions from `first` on ran a layer that has no router, or was not asked.
    mutating func noteRun(of layer: Int, at first: Int, count: Int) {
        for position in first..<first + count { note(layer, at: position, ran: true) }
    }

    mutating func note(_ layer: Int, at position: Int, ran: Bool, gate: Float = .nan) {
        runs[position * layerCount + layer] = ran
        gates[position * layerCount + layer] = gate
    }
}
