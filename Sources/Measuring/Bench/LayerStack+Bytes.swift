import Models
import Tensors

extension LayerStack {
    /// Average bytes per token of a plan that skips layers: weights, and the keys and values of `depth` positions in the layers
    /// that the token runs.
    ///
    /// - Parameter shares: the share of tokens that ran each layer, from 0 to 1: [layer].
    func bytesPerToken(_ choice: LayerChoice, shares: [Double], depth: Double, kvFormat: KVFormat) -> Double {
        let position = KVRing.Shape(configuration, layerCount: 1, format: kvFormat, sinks: 0, limit: 0).bytesPerSlot
        let perLayer = zip(layers, shares).map { layer, share in
            layer.bytesPerToken(choice, share: share, keysAndValues: depth * Double(position))
        }
        return perLayer.reduce(0, +) + Double(vocabularyByteCount)
    }
}

extension LayerWeights {
    fileprivate func bytesPerToken(_ choice: LayerChoice, share: Double, keysAndValues: Double) -> Double {
        let run = Double(byteCount) + keysAndValues
        switch choice {
        case .all: return run
        case .only: return share * run
        case .untilSaturated: return share * run + (1 - share) * Double(keyValue.byteCount)
        case .routed:
            guard let routing else { return run }
            return share * (run + Double(routing.routerByteCount)) + (1 - share) * Double(skippedByteCount(routing))
        }
    }
}
