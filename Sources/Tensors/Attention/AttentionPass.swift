import CKernels

/// Queries at ascending entries of a ring, with the keys and values that they attend to.
package struct AttentionPass {
    private let heads: HeadRows
    private let mask: AttentionMask
    private let scale: Float
    let rowCount: Int

    /// - Parameter heads: already rotated and stored.
    package init(_ heads: HeadRows, mask: AttentionMask, rowCount: Int, scale: Float) {
        self.heads = heads
        self.mask = mask
        self.rowCount = rowCount
        self.scale = scale
    }

    var ring: RingLayout { heads.ring }

    /// Whether the last query sees every entry up to its own.
    var seesAll: Bool { mask.windowStarts[heads.queryEntries[rowCount - 1] - heads.firstEntry] == 0 }

    func kernelAttention(output: UnsafeMutablePointer<Float>) -> volley_attention {
        volley_attention(
            ring: ring.kernelRing, keys: heads.keys, values: heads.values, queries: heads.queries.rows,
            query_stride: heads.queries.stride, output: output, row_count: rowCount, positions: heads.queryEntries,
            heads: heads.headCount, window_starts: mask.windowStarts, first_position: heads.firstEntry,
            sinks_seen: mask.sinks, scale: scale)
    }
}
