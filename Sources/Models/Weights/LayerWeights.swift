import Tensors

/// One decoder layer's weights (Qwen3 technical report; Llama without the q/k norms).
package final class LayerWeights: Sendable {
    /// [hidden]
    package let attentionNorm: Vector
    /// q | k | v, three parts: [(heads + 2·kvHeads)·headWidth, hidden]
    package let queryKeyValue: Linear
    /// The part q of `queryKeyValue`, for layers in which not every token attends.
    package let query: Linear
    /// The parts k | v of `queryKeyValue`, likewise.
    package let keyValue: Linear
    /// [headWidth], shared by all query heads; nil in Llama.
    package let queryNorm: Vector?
    /// [headWidth], shared by all key heads; nil in Llama.
    package let keyNorm: Vector?
    /// [hidden, heads·headWidth]
    package let attentionOutput: Linear
    /// [hidden]
    package let feedForwardNorm: Vector
    package let feedForward: FeedForward
    /// The router of a layer that a token may skip; nil if every token runs the layer.
    package let routing: RoutingWeights?

    package init(
        attentionNorm: Vector, queryKeyValue: Linear, queryNorm: Vector?, keyNorm: Vector?, attentionOutput: Linear,
        feedForwardNorm: Vector, feedForward: FeedForward, routing: RoutingWeights? = nil
    ) {
        self.attentionNorm = attentionNorm
        self.queryKeyValue = queryKeyValue
        query = queryKeyValue.parts(0..<1)
        keyValue = queryKeyValue.parts(1..<3)
        self.queryNorm = queryNorm
        self.keyNorm = keyNorm
        self.attentionOutput = attentionOutput
        self.feedForwardNorm = feedForwardNorm
        self.feedForward = feedForward
        self.routing = routing
    }

    /// Bytes that a pass through the whole layer reads, without its router.
    package var byteCount: Int { queryKeyValue.byteCount + attentionOutput.byteCount + feedForward.byteCount }

    /// The matrices that a pass through the whole layer reads, in order of use.
    package var matrices: [Linear] { [queryKeyValue, attentionOutput] + feedForward.matrices }

    /// Bytes that a pass reads if every token skips the layer.
    package func skippedByteCount(_ routing: RoutingWeights) -> Int {
        keyValue.byteCount + routing.routerByteCount + (routing.adapter?.byteCount ?? 0)
    }

    /// Merges this layer and those that follow it: matrices are this layer's plus the others' differences from it, norms are
    /// this layer's (LaCo, arXiv 2402.11187, as released). The result has no router.
    ///
    /// - Throws: `ConversionError` if quantised weights would hold a value that is not finite.
    package func collapsed(with others: [LayerWeights]) throws(ConversionError) -> LayerWeights {
        LayerWeights(
            attentionNorm: attentionNorm,
            queryKeyValue: try .collapsed(queryKeyValue, others.map(\.queryKeyValue)), queryNorm: queryNorm,
            keyNorm: keyNorm, attentionOutput: try .collapsed(attentionOutput, others.map(\.attentionOutput)),
            feedForwardNorm: feedForwardNorm, feedForward: try .collapsed(feedForward, others.map(\.feedForward)))
    }

    /// The same layer with another router.
    package func routed(by routing: RoutingWeights) -> LayerWeights {
        LayerWeights(
            attentionNorm: attentionNorm, queryKeyValue: queryKeyValue, queryNorm: queryNorm, keyNorm: keyNorm,
            attentionOutput: attentionOutput, feedForwardNorm: feedForwardNorm, feedForward: feedForward,
            routing: routing)
    }
}

/// A float32 weight vector.
package typealias Vector = AlignedBuffer<Float>
