import CKernels

/// Where one layer's keys or values lie: `[kvHead][capacity][headWidth]`.
///
/// Position k sits in slot k while k < sinks, else in `sinks + (k − sinks) mod (capacity − sinks)`.
package struct RingLayout: Sendable {
    package let format: KVFormat
    package let capacity: Int
    package let sinks: Int
    package let keyValueHeadCount: Int
    package let headWidth: Int

    package init(format: KVFormat, capacity: Int, sinks: Int, keyValueHeadCount: Int, headWidth: Int) {
        self.format = format
        self.capacity = capacity
        self.sinks = sinks
        self.keyValueHeadCount = keyValueHeadCount
        self.headWidth = headWidth
    }

    var kernelRing: volley_ring {
        volley_ring(
            is_f16: format == .f16, capacity: capacity, sinks: sinks, kv_heads: keyValueHeadCount,
            head_width: headWidth)
    }
}

/// Queries at consecutive positions, and the keys and values that they look at.
package struct AttentionPass {
    /// [rowCount, headCount·headWidth], rows `queryRowStride` apart.
    package let queries: UnsafePointer<Float>
    package let queryRowStride: Int
    package let keys: UnsafeRawPointer
    package let values: UnsafeRawPointer
    package let ring: RingLayout
    /// Positions that a query sees besides the sinks, its own included; `Int.max` for all.
    package let window: Int
    package let rowCount: Int
    package let firstPosition: Int
    package let headCount: Int
    package let scale: Float

    package init(
        queries: UnsafePointer<Float>, queryRowStride: Int, keys: UnsafeRawPointer, values: UnsafeRawPointer,
        ring: RingLayout, window: Int, rowCount: Int, firstPosition: Int, headCount: Int, scale: Float
    ) {
        self.queries = queries
        self.queryRowStride = queryRowStride
        self.keys = keys
        self.values = values
        self.ring = ring
        self.window = window
        self.rowCount = rowCount
        self.firstPosition = firstPosition
        self.headCount = headCount
        self.scale = scale
    }

    func kernelAttention(output: UnsafeMutablePointer<Float>) -> volley_attention {
        volley_attention(
            ring: ring.kernelRing, keys: keys, values: values, queries: queries, query_stride: queryRowStride,
            output: output, row_count: rowCount, first_position: firstPosition, heads: headCount, window: window,
            scale: scale)
    }
}
