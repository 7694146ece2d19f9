import CKernels

/// Where one layer's keys or values lie: `[kvHead][capacity][headWidth]`.
///
/// Entry k sits in slot k while k < sinks, else in `sinks + (k − sinks) mod (capacity − sinks)`.
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

/// What queries see of a ring's entries, besides their own.
package struct Sight: BitwiseCopyable {
    /// The first entry in the window of each of the pass's rows, ascending: [row].
    let windowStarts: UnsafePointer<Int>
    /// First entries that every query sees, whatever its window.
    let sinks: Int

    package init(windowStarts: UnsafePointer<Int>, sinks: Int) {
        (self.windowStarts, self.sinks) = (windowStarts, sinks)
    }
}

/// Queries at ascending entries of a ring, and the keys and values that they look at.
package struct AttentionPass {
    private let heads: HeadRows
    private let sight: Sight
    private let scale: Float
    let rowCount: Int

    /// - Parameter heads: placed.
    package init(_ heads: HeadRows, sight: Sight, rowCount: Int, scale: Float) {
        self.heads = heads
        self.sight = sight
        self.rowCount = rowCount
        self.scale = scale
    }

    var ring: RingLayout { heads.ring }

    /// Whether the last query sees every entry up to its own.
    var seesAll: Bool { sight.windowStarts[heads.queryEntries[rowCount - 1] - heads.firstEntry] == 0 }

    func kernelAttention(output: UnsafeMutablePointer<Float>) -> volley_attention {
        volley_attention(
            ring: ring.kernelRing, keys: heads.keys, values: heads.values, queries: heads.queries.rows,
            query_stride: heads.queries.stride, output: output, row_count: rowCount, positions: heads.queryEntries,
            heads: heads.headCount, window_starts: sight.windowStarts, first_position: heads.firstEntry,
            sinks_seen: sight.sinks, scale: scale)
    }
}
