import CKernels

/// Keys and values of consecutive entries of a ring, queries of all or some of them, and what becomes of them.
package struct HeadRows: BitwiseCopyable {
    /// q of the rows that ask: [query][headCount·headWidth]
    package let queries: HeadStates
    /// The ring's, ascending: [query].
    package let queryEntries: UnsafePointer<Int>
    /// k | v of every entry: [row][2·kvHeads·headWidth]
    package let keyValues: HeadStates
    package let headCount: Int
    /// [headWidth], of RMSNorm; nil where there is none.
    package let queryNorm: UnsafePointer<Float>?
    package let keyNorm: UnsafePointer<Float>?
    package let epsilon: Float
    /// RoPE's, [rowCount, headWidth / 2]; value i pairs with value i + headWidth / 2.
    package let cosines: UnsafePointer<Float>
    package let sines: UnsafePointer<Float>
    /// The layer's slabs in the ring, `[kvHead][capacity][headWidth]`.
    package let keys: UnsafeMutableRawPointer
    package let values: UnsafeMutableRawPointer
    package let ring: RingLayout
    /// The first entry whose key or value does not fit the ring's float16; lowered by `rotateAndStoreKeyValue`.
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

    /// Values that `place` works on in a row.
    var queryWidth: Int { headCount * ring.headWidth }
    var keyValueWidth: Int { 2 * ring.keyValueHeadCount * ring.headWidth }

    func rotateQuery(_ query: Int, _ kernels: UnsafePointer<volley_kernels>) {
        turn(
            queries.rows + query * queries.stride, headCount, queryNorm, row: queryEntries[query] - firstEntry,
            kernels)
    }

    func rotateAndStoreKeyValue(row: Int, _ kernels: UnsafePointer<volley_kernels>) {
        let keyStates = keyValues.rows + row * keyValues.stride
        let valueStates = keyStates + ring.keyValueHeadCount * ring.headWidth
        turn(keyStates, ring.keyValueHeadCount, keyNorm, row: row, kernels)
        store(keyStates, row: row, in: keys, kernels)
        store(valueStates, row: row, in: values, kernels)
    }

    /// RoPE(norm(·)) of `count` heads.
    private func turn(
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
        _ states: UnsafePointer<Float>, row: Int, in slab: UnsafeMutableRawPointer,
        _ kernels: UnsafePointer<volley_kernels>
    ) {
        var layout = ring.kernelRing
        let slot = volley_slot(&layout, firstEntry + row)
        for head in 0..<ring.keyValueHeadCount {
            let values = states + head * ring.headWidth
            let offset = (head * ring.capacity + slot) * ring.headWidth
            switch ring.format {
            case .f16:
                let output = slab.assumingMemoryBound(to: UInt16.self) + offset
                guard kernels.pointee.to_f16(output, values, ring.headWidth) else { continue }
                volley_lower(firstOverflow, Int64(firstEntry + row))
            case .f32: (slab.assumingMemoryBound(to: Float.self) + offset).update(from: values, count: ring.headWidth)
            }
        }
    }
}
