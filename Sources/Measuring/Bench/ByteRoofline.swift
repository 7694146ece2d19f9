import Decoding
import Models
import Tensors

/// The bytes that decoding must read per token: a lower bound for every kernel.
package struct ByteRoofline: Sendable {
    /// Bytes of the trunk's weights that a pass over one token reads.
    package let trunk: Int
    /// The experts of the trunk; nil for a dense model.
    let trunkExperts: ExpertBytes?
    /// Bytes of the weights of the head's layers.
    package let head: Int
    /// Bytes of the layers that run head-only places: the head's, or those of a head of its own for cycles.
    package let cycleHead: Int
    /// Bytes of `lm_head`, or of its screen if there is one.
    package let vocabularyHead: Int
    /// Bytes of one position's keys and values in the trunk.
    package let trunkPosition: Int
    /// Bytes of one position's keys and values in the head.
    package let headPosition: Int

    package init(_ stack: LayerStack, kvFormat: KVFormat) {
        func bytes(_ layers: ArraySlice<LayerWeights>) -> Int { layers.reduce(0) { $0 + $1.byteCount } }
        let configuration = stack.configuration
        func position(_ layerCount: Int) -> Int {
            KVRing.Shape(configuration, layerCount: layerCount, format: kvFormat, sinks: 0, limit: 0).bytesPerSlot
        }
        trunk = bytes(stack.trunk)
        trunkExperts = ExpertBytes(stack.trunk)
        head = bytes(stack.head)
        cycleHead = bytes(stack.cycleLayers)
        vocabularyHead = stack.vocabularyByteCount
        trunkPosition = position(configuration.trunkLayerCount)
        headPosition = position(configuration.headLayerCount)
    }

    /// A roofline of weights alone.
    ///
    /// - Parameter cycleHead: nil if the head runs the head-only places.
    init(trunk: Int, trunkExperts: ExpertBytes?, head: Int, cycleHead: Int?, vocabularyHead: Int) {
        self.trunkExperts = trunkExperts
        (self.trunk, self.head, self.cycleHead, self.vocabularyHead) = (trunk, head, cycleHead ?? head, vocabularyHead)
        (trunkPosition, headPosition) = (0, 0)
    }

    /// Bytes of weights that a trunk pass over `rows` tokens reads.
    private func trunkBytes(rows: Double) -> Double { Double(trunk) + (trunkExperts?.more(rows: rows) ?? 0) }

    /// Bytes per token. A cycle reads the trunk once for `factor` tokens, and the head and `lm_head` for each.
    ///
    /// - Parameters:
    ///   - factor: nil for vanilla.
    ///   - depth: the average number of positions that a query sees.
    ///   - trunkDepth: the number that a query of the trunk sees; nil for `depth`.
    package func bytesPerToken(factor: Int?, depth: Double, trunkDepth: Double? = nil) -> Double {
        let tokens = Double(factor ?? 1)
        let trunk = trunkBytes(rows: tokens) + (trunkDepth ?? depth) * Double(trunkPosition)
        let heads = Double(head) + (tokens - 1) * Double(cycleHead)
        return (trunk + heads) / tokens + Double(vocabularyHead) + depth * Double(headPosition)
    }

    /// Bytes per token at `position` after a prompt of `promptCount` tokens, for a plan that runs all layers without drafts.
    func bytesPerToken(_ plan: any DecodePlan, position: Double, promptCount: Int, options: SessionOptions) -> Double {
        bytesPerToken(
            factor: plan.cycleLength, depth: options.positionsSeen(of: position),
            trunkDepth: options.trunkEntriesSeen(at: position, by: plan, promptCount: promptCount))
    }

    /// Bytes per token of a generation of `tokenCount` tokens. If the trunk drafts, `lm_head` runs once per trunk pass: after each
    /// draft and once per verification. Otherwise it runs once per head pass.
    func bytesPerToken(
        _ passes: PassCounts, drafting source: Drafting.Source?, tokenCount: Int, depth: Double
    ) -> Double {
        let rows = Double(tokenCount) / Double(max(1, passes.trunkPasses))
        let trunk = Double(passes.trunkPasses) * (trunkBytes(rows: rows) + depth * Double(trunkPosition))
        let headOnly = max(0, passes.headPasses - passes.trunkPasses)
        let head =
            Double(passes.headPasses - headOnly) * Double(head) + Double(headOnly) * Double(cycleHead)
            + Double(passes.headPasses) * depth * Double(headPosition)
        let vocabularyPasses = source == .trunk ? passes.trunkPasses : passes.headPasses
        return (trunk + head + Double(vocabularyPasses * vocabularyHead)) / Double(tokenCount)
    }
}
