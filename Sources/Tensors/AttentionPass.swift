import CKernels

/// Where one layer's keys or values lie: `[kvHead][capacity][headWidth]`.
///
/// Position k sits in slot k while k < sinks, else in `sinks + (k − sinks) mod (capacity − sinks)`.
package struct RingLayout: Sendable, BitwiseCopyable {
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

/// Queries at ascending positions, and the keys and values that they look at.
package struct AttentionPass {
    private let heads: HeadRows
    private let window: Int
    private let scale: Float
    let rowCount: Int

    /// - Parameters:
    ///   - heads: placed.
    ///   - window: positions that a query sees besides the sinks, its own included; `Int.max` for all.
    package init(_ heads: HeadRows, window: Int, rowCount: Int, scale: Float) {
        self.heads = heads
        self.window = window
        self.rowCount = rowCount
        self.scale = scale
    }

    var ring: RingLayout { heads.ring }

    /// Whether the last query sees every position up to its own.
    var seesAll: Bool { heads.queryPositions[rowCount - 1] < window }

    func kernelAttention(output: UnsafeMutablePointer<Float>) -> volley_attention {
        volley_attention(
            ring: ring.kernelRing, keys: heads.keys, values: heads.values, queries: heads.queries.rows,
            query_stride: heads.queries.stride, output: output, row_count: rowCount, positions: heads.queryPositions,
            heads: heads.headCount, window: window, scale: scale)
    }
}
