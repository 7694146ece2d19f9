import Tensors

/// One decoder layer's weights (Qwen3 technical report; Llama without the q/k norms).
package final class LayerWeights: Sendable {
    /// [hidden]
    package let attentionNorm: Vector
    /// q | k | v, three parts: [(heads + 2·kvHeads)·headWidth, hidden]
    package let queryKeyValue: Linear
    /// Its parts q and k | v, for layers where not every token attends.
    package let query: Linear
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
    /// Of layers that a token may skip; nil in plain ones.
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

    /// Bytes that one pass through the whole layer reads, its router not asked.
    package var byteCount: Int { queryKeyValue.byteCount + attentionOutput.byteCount + feedForward.byteCount }

    /// The matrices that a pass through the whole layer reads, in the order in which it does.
    package var matrices: [Linear] { [queryKeyValue, attentionOutput] + feedForward.matrices }

    /// Bytes that a pass reads in which every token skips the layer.
    package func skippedByteCount(_ routing: RoutingWeights) -> Int {
        keyValue.byteCount + routing.routerByteCount + (routing.adapter?.byteCount ?? 0)
    }

    /// This layer and those that follow it as one: matrices are this one's and the others' differences from it, norms are
    /// this one's (LaCo, arXiv 2402.11187, as released). It has no router.
    ///
    /// - Throws: where quantised weights were to hold what is not finite.
    package func collapsed(with others: [LayerWeights]) throws(ConversionError) -> LayerWeights {
        LayerWeights(
            attentionNorm: attentionNorm,
            queryKeyValue: try .collapsed(queryKeyValue, others.map(\.queryKeyValue)), queryNorm: queryNorm,
            keyNorm: keyNorm, attentionOutput: try .collapsed(attentionOutput, others.map(\.attentionOutput)),
            feedForwardNorm: feedForwardNorm, feedForward: try .collapsed(feedForward, others.map(\.feedForward)))
    }

    /// The same layer, skipped by other weights.
    package func routed(by routing: RoutingWeights) -> LayerWeights {
        LayerWeights(
            attentionNorm: attentionNorm, queryKeyValue: queryKeyValue, queryNorm: queryNorm, keyNorm: keyNorm,
            attentionOutput: attentionOutput, feedForwardNorm: feedForwardNorm, feedForward: feedForward,
            routing: routing)
    }
}

/// A float32 weight vector.
package typealias Vector = AlignedBuffer<Float>
