import CKernels

/// Keys and values of consecutive ring entries and the queries of all or some of them, with what it takes to rotate and
/// store them.
package struct HeadRows: BitwiseCopyable {
    /// Queries: [query][headCount·headWidth]
    package let queries: HeadStates
    /// Ring entry of each query, ascending: [query].
    package let queryEntries: UnsafePointer<Int>
    /// k | v of each entry: [row][2·kvHeads·headWidth]
    package let keyValues: HeadStates
    package let headCount: Int
    /// RMSNorm weights, [headWidth]; nil if the layer has no query and key norms.
    package let queryNorm: UnsafePointer<Float>?
    package let keyNorm: UnsafePointer<Float>?
    package let epsilon: Float
    /// RoPE tables, [rowCount, headWidth / 2]. Value i pairs with value i + headWidth / 2.
    package let cosines: UnsafePointer<Float>
    package let sines: UnsafePointer<Float>
    /// The layer's memory in the ring, `[kvHead][capacity][headWidth]`.
    package let keys: UnsafeMutableRawPointer
    package let values: UnsafeMutableRawPointer
    package let ring: RingLayout
    /// The first entry with a key or value that overflows its format, updated by `rotateAndStoreKeyValue`.
    package let firstOverflow: UnsafeMutablePointer<Int64>
    package let firstEntry: Int

    package init(
        queries: HeadStates, queryEntries: UnsafePointer<Int>, keyValues: HeadStates, headCount: Int,
        queryNorm: UnsafePointer<Float>?,
        keyNorm: UnsafePointer<Float>?, epsilon: Float, cosines: UnsafePointer<Float>, sines: UnsafePointer<Float>,
        keys: UnsafeMutableRawPointer, values: UnsafeMutableRawPointer, ring: RingLayout,
        firstOverflow: UnsafeMutablePointer<Int64>, firstEntry: Int
    ) {
        self.queries = queries
        self.queryEntries = queryEntries
        self.keyValues = keyValues
        self.headCount = headCount
        self.queryNorm = queryNorm
        self.keyNorm = keyNorm
        self.epsilon = epsilon
        self.cosines = cosines
        self.sines = sines
        self.keys = keys
        self.values = values
        self.ring = ring
        self.firstOverflow = firstOverflow
        self.firstEntry = firstEntry
    }

    /// Values in a row of queries, and of keys and values.
    var queryWidth: Int { headCount * ring.headWidth }
    var keyValueWidth: Int { 2 * ring.keyValueHeadCount * ring.headWidth }

    func rotateQuery(_ query: Int, _ kernels: UnsafePointer<volley_kernels>) {
        rotate(
            queries.rows + query * queries.stride, headCount, queryNorm, row: queryEntries[query] - firstEntry,
            kernels)
    }

    func rotateAndStoreKeyValue(row: Int, _ kernels: UnsafePointer<volley_kernels>) {
        let keyStates = keyValues.rows + row * keyValues.stride
        let valueStates = keyStates + ring.keyValueHeadCount * ring.headWidth
        rotate(keyStates, ring.keyValueHeadCount, keyNorm, row: row, kernels)
        store(keyStates, row: row, in: keys, ring.format.keys, kernels)
        store(valueStates, row: row, in: values, ring.format.values, kernels)
    }

    /// Applies RMSNorm and RoPE to `count` heads.
    private func rotate(
        _ heads: UnsafeMutablePointer<Float>, _ count: Int, _ norm: UnsafePointer<Float>?, row: Int,
        _ kernels: UnsafePointer<volley_kernels>
    ) {
        let angles = row * (ring.headWidth / 2)
        for head in 0..<count {
            let values = heads + head * ring.headWidth
            if let norm { kernels.pointee.rms_norm(values, values, norm, ring.headWidth, epsilon) }
            kernels.pointee.rotate(values, cosines + angles, sines + angles, ring.headWidth)
        }
    }

    private func store(
        _ states: UnsafePointer<Float>, row: Int, in slab: UnsafeMutableRawPointer, _ format: StorageFormat,
        _ kernels: UnsafePointer<volley_kernels>
    ) {
        var layout = ring.kernelRing
        let slot = volley_slot(&layout, firstEntry + row)
        let byteCount = volley_row_bytes(format.kernelFormat, ring.headWidth)
        for head in 0..<ring.keyValueHeadCount {
            let values = states + head * ring.headWidth
            let output = slab + (head * ring.capacity + slot) * byteCount
            let overflows =
                switch format {
                case .f16: kernels.pointee.to_f16(output.assumingMemoryBound(to: UInt16.self), values, ring.headWidth)
                case .q8_0: kernels.pointee.to_q8_0(output, values, ring.headWidth)
                default: copy(values, to: output.assumingMemoryBound(to: Float.self))
                }
            if overflows { volley_atomic_min(firstOverflow, Int64(firstEntry + row)) }
        }
    }

    /// Stores one head in float32, which nothing overflows.
    private func copy(_ values: UnsafePointer<Float>, to output: UnsafeMutablePointer<Float>) -> Bool {
        output.update(from: values, count: ring.headWidth)
        return false
    }
}
