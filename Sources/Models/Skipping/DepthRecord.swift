/// The layers that each position ran, and the gates of their routers. Passes whose plan skips layers fill it in.
public struct DepthRecord: Sendable {
    /// Layers of the model.
    public let layerCount: Int
    /// The share of the layer that ran, 0, 1/2 or 1: [position][layer].
    package private(set) var shares: [Float] = []
    /// [position][layer]; NaN without a gate.
    package private(set) var gates: [Float] = []

    package init(layerCount: Int) { self.layerCount = layerCount }

    /// Nil unless both arrays are [position][layer] with the same number of positions.
    package init?(layerCount: Int, shares: [Float], gates: [Float]) {
        guard shares.count == gates.count, shares.count.isMultiple(of: layerCount) else { return nil }
        (self.layerCount, self.shares, self.gates) = (layerCount, shares, gates)
    }

    /// The number of recorded positions.
    public var positionCount: Int { shares.count / layerCount }

    /// Whether the token at `position` ran at least a part of `layer`.
    public func ran(_ layer: Int, at position: Int) -> Bool { share(layer, at: position) > 0 }

    /// The share of `layer` that the token at `position` ran; 1/2 is attention or feed-forward alone.
    public func share(_ layer: Int, at position: Int) -> Double { Double(shares[position * layerCount + layer]) }

    /// The router's gate, the mean of a layer's two gates, or the cosine that early exit compared; nil if there was none.
    public func gate(_ layer: Int, at position: Int) -> Float? {
        let gate = gates[position * layerCount + layer]
        return gate.isNaN ? nil : gate
    }

    /// The number of layers that each position ran; attention or feed-forward alone counts as half a layer.
    public var layersUsed: [Double] {
        (0..<positionCount).map { position in
            Double(shares[position * layerCount..<(position + 1) * layerCount].reduce(0, +))
        }
    }

    /// The share of positions that ran each layer, from 0 to 1: [layer]; 0 without positions.
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

    /// Adds positions up to `count`. Their layers count as skipped until they run.
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

    /// Records the share of `layer` that ran.
    mutating func note(_ layer: Int, at position: Int, share: Float, gate: Float = .nan) {
        shares[position * layerCount + layer] = share
        gates[position * layerCount + layer] = gate
    }

    /// Adds the layer's feed-forward half to the recorded attention half.
    mutating func noteMore(_ layer: Int, at position: Int, share: Float, gate: Float) {
        shares[position * layerCount + layer] += share
        gates[position * layerCount + layer] += gate
    }
}
