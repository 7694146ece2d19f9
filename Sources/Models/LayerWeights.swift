import Tensors

/// One decoder layer's weights (Qwen3 technical report; Llama without the q/k norms).
package final class LayerWeights: Sendable {
    /// [hidden]
    package let attentionNorm: Vector
    /// q | k | v: [(heads + 2·kvHeads)·headWidth, hidden]
    package let queryKeyValue: Linear
    /// [headWidth], shared by all query heads; nil in Llama.
    package let queryNorm: Vector?
    /// [headWidth], shared by all key heads; nil in Llama.
    package let keyNorm: Vector?
    /// [hidden, heads·headWidth]
    package let attentionOutput: Linear
    /// [hidden]
    package let feedForwardNorm: Vector
    /// gate | up: [2·feedForward, hidden]
    package let gateUp: Linear
    /// [hidden, feedForward]
    package let down: Linear

    package init(
        attentionNorm: Vector, queryKeyValue: Linear, queryNorm: Vector?, keyNorm: Vector?, attentionOutput: Linear,
        feedForwardNorm: Vector, gateUp: Linear, down: Linear
    ) {
        self.attentionNorm = attentionNorm
        self.queryKeyValue = queryKeyValue
        self.queryNorm = queryNorm
        self.keyNorm = keyNorm
        self.attentionOutput = attentionOutput
        self.feedForwardNorm = feedForwardNorm
        self.gateUp = gateUp
        self.down = down
    }

    /// Bytes that one pass through the layer reads.
    package var byteCount: Int {
        queryKeyValue.byteCount + attentionOutput.byteCount + gateUp.byteCount + down.byteCount
    }
}

/// A float32 weight vector.
package typealias Vector = AlignedBuffer<Float>
