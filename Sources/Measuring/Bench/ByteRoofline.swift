import Decoding
import Models
import Tensors

/// Bytes that decoding must read for each emitted token, which no kernel can undercut.
package struct ByteRoofline: Sendable {
    /// Weights of one trunk pass, one head pass, and one `lm_head`, or its screen where there is one.
    package let trunk: Int
    package let head: Int
    package let vocabularyHead: Int
    /// Keys and values of one position in trunk and head.
    package let trunkPosition: Int
    package let headPosition: Int

    package init(_ stack: LayerStack, kvFormat: KVFormat) {
        func bytes(_ layers: ArraySlice<LayerWeights>) -> Int { layers.reduce(0) { $0 + $1.byteCount } }
        let configuration = stack.configuration
        func position(_ layerCount: Int) -> Int {
            KVRing.Shape(configuration, layerCount: layerCount, format: kvFormat, sinks: 0, limit: 0).bytesPerSlot
        }
        trunk = bytes(stack.trunk)
        head = bytes(stack.head)
        vocabularyHead = stack.vocabularyByteCount
        trunkPosition = position(configuration.trunkLayerCount)
        headPosition = position(configuration.headLayerCount)
    }

    /// Of weights alone.
    init(trunk: Int, head: Int, vocabularyHead: Int) {
        (self.trunk, self.head, self.vocabularyHead) = (trunk, head, vocabularyHead)
        (trunkPosition, headPosition) = (0, 0)
    }

    /// A cycle reads the trunk once for `factor` tokens, and the head and `lm_head` for each; nil is vanilla.
    ///
    /// - Parameters:
    ///   - depth: positions that are looked at, on average.
    ///   - trunkDepth: those that the trunk looks at, where it never sees some; nil is as many.
    package func bytesPerToken(factor: Int?, depth: Double, trunkDepth: Double? = nil) -> Double {
        let trunk = Double(trunk) + (trunkDepth ?? depth) * Double(trunkPosition)
        let head = Double(head + vocabularyHead) + depth * Double(headPosition)
        return trunk / Double(factor ?? 1) + head
    }

    /// Bytes of a token at `position` after a prompt of `promptCount`, by a plan that runs all layers and drafts nothing.
    func bytesPerToken(_ plan: any DecodePlan, position: Double, promptCount: Int, options: SessionOptions) -> Double {
        bytesPerToken(
            factor: plan.cycleLength, depth: options.positionsSeen(of: position),
            trunkDepth: options.trunkEntriesSeen(at: position, by: plan, promptCount: promptCount))
    }

    /// What a trunk that drafts and a head that verifies have read for `tokenCount` tokens. `lm_head` follows each draft, and
    /// each verification once: as often as the trunk runs.
    func bytesPerToken(drafting passes: PassCounts, tokenCount: Int, depth: Double) -> Double {
        let trunk = Double(trunk + vocabularyHead) + depth * Double(trunkPosition)
        let head = Double(head) + depth * Double(headPosition)
        return (Double(passes.trunkPasses) * trunk + Double(passes.headPasses) * head) / Double(tokenCount)
    }
}
