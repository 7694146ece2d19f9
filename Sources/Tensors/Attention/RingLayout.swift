import CKernels

/// Memory layout of one layer's keys or values: `[kvHead][capacity][headWidth]`.
///
/// Entry k is in slot k if k < sinks, else in slot `sinks + (k − sinks) mod (capacity − sinks)`.
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
            key_format: format.keys.kernelFormat, value_format: format.values.kernelFormat, capacity: capacity,
            sinks: sinks, kv_heads: keyValueHeadCount, head_width: headWidth)
    }
}
