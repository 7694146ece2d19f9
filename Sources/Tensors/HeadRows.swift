import CKernels

/// Queries, keys and values of consecutive positions, side by side in a row as one matmul gives them, and what becomes of them.
package struct HeadRows: BitwiseCopyable {
    /// [rowCount][q | k | v], `rowWidth` a row
    package let states: UnsafeMutablePointer<Float>
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
    package let firstPosition: Int

    package init(
        states: UnsafeMutablePointer<Float>, headCount: Int, queryNorm: UnsafePointer<Float>?,
        keyNorm: UnsafePointer<Float>?, epsilon: Float, cosines: UnsafePointer<Float>, sines: UnsafePointer<Float>,
        keys: UnsafeMutableRawPointer, values: UnsafeMutableRawPointer, ring: RingLayout, firstPosition: Int
    ) {
        self.states = states
        self.headCount = headCount
        self.queryNorm = queryNorm
        self.keyNorm = keyNorm
        self.epsilon = epsilon
        self.cosines = cosines
        self.sines = sines
        self.keys = keys
        self.values = values
        self.ring = ring
        self.firstPosition = firstPosition
    }

    package var rowWidth: Int { (headCount + 2 * ring.keyValueHeadCount) * ring.headWidth }

    func place(row: Int, _ kernels: UnsafePointer<volley_kernels>) {
        let queries = states + row * rowWidth
        let keyStates = queries + headCount * ring.headWidth
        let valueStates = keyStates + ring.keyValueHeadCount * ring.headWidth
        turn(queries, headCount, queryNorm, row: row, kernels)
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
        let slot = volley_slot(&layout, firstPosition + row)
        for head in 0..<ring.keyValueHeadCount {
            let values = states + head * ring.headWidth
            let offset = (head * ring.capacity + slot) * ring.headWidth
            switch ring.format {
            case .f16:
                kernels.pointee.to_f16(slab.assumingMemoryBound(to: UInt16.self) + offset, values, ring.headWidth)
            case .f32: (slab.assumingMemoryBound(to: Float.self) + offset).update(from: values, count: ring.headWidth)
            }
        }
    }
}
