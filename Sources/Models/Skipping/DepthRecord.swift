/// Which layers each position ran, and what routers said: filled by passes whose plan skips layers.
public struct DepthRecord: Sendable {
    /// Layers of the model.
    public let layerCount: Int
    /// What part of the layer ran, 0, 1/2 or 1: [position][layer].
    private var shares: [Float] = []
    /// [position][layer]; NaN where nothing was asked.
    private var gates: [Float] = []

    package init(layerCount: Int) { self.layerCount = layerCount }

    /// Positions that some layer has seen.
    public var positionCount: Int { shares.count / layerCount }

    /// Whether the token at `position` ran `layer`, or its attention or feed-forward alone.
    public func ran(_ layer: Int, at position: Int) -> Bool { share(layer, at: position) > 0 }

    /// What part of `layer` the token at `position` ran: 1/2 is its attention or its feed-forward alone.
    public func share(_ layer: Int, at position: Int) -> Double { Double(shares[position * layerCount + layer]) }

    /// What the router said, the mean of what two did, or the cosine by which the token left or went on; nil where nothing was asked.
    public func gate(_ layer: Int, at position: Int) -> Float? {
        let gate = gates[position * layerCount + layer]
        return gate.isNaN ? nil : gate
    }

    /// Layers that each position ran; attention or feed-forward alone are half of one.
    public var layersUsed: [Double] {
        (0..<positionCount).map { position in
            Double(shares[position * layerCount..<(position + 1) * layerCount].reduce(0, +))
        }
    }

    /// Share of the positions that ran each layer, from 0 to 1: [layer]; 0 where there are no positions.
    public var runShares: [Double] {
        (0..<layerCount).map { layer in
            (0..<positionCount).reduce(0) { $0 + share(layer, at: $1) } / Double(max(positionCount, 1))
        }
    }

    /// The record of the positions from `first` on, counted from 0.
    package func suffix(from first: Int) -> DepthRecord {
        var suffix = DepthRecord(layerCount: layerCount)
        suffix.shares = Array(shares.dropFirst(first * layerCount))
        suffix.gates = Array(gates.dropFirst(first * layerCount))
        return suffix
    }

    /// Makes room for positions `0 ..< count`.
    package mutating func reserve(_ count: Int) {
        shares.reserveCapacity(count * layerCount)
        gates.reserveCapacity(count * layerCount)
    }

    /// Begins positions that no layer has seen; their layers count as skipped until they run.
    mutating func extend(to count: Int) {
        guard count > positionCount else { return }
        shares.append(contentsOf: repeatElement(0, count: count * layerCount - shares.count))
        gates.append(contentsOf: repeatElement(.nan, count: count * layerCount - gates.count))
    }

    package mutating func truncate(to count: Int) {
        guard count < positionCount else { return }
        shares.removeSubrange((count * layerCount)...)
        gates.removeSubrange((count * layerCount)...)
    }

    /// Says that `layer` ran, or what part of it did.
    mutating func note(_ layer: Int, at position: Int, share: Float, gate: Float = .nan) {
        shares[position * layerCount + layer] = share
        gates[position * layerCount + layer] = gate
    }

    /// Adds the layer's second half to what was noted of its first.
    mutating func noteMore(_ layer: Int, at position: Int, share: Float, gate: Float) {
        shares[position * layerCount + layer] += share
        gates[position * layerCount + layer] += gate
    }
}
