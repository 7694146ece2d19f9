import Tensors

/// The forward pass's scratch memory, made once for the widest pass of a session.
package struct Activations {
    /// [row, hidden]
    package let normed: AlignedBuffer<Float>
    /// [row, (heads + 2·kvHeads)·headWidth]
    package let queryKeyValue: AlignedBuffer<Float>
    /// [row, heads·headWidth]
    package let mixed: AlignedBuffer<Float>
    /// [row, 2·feedForward]
    package let gateUp: AlignedBuffer<Float>
    /// [row, feedForward]
    package let inner: AlignedBuffer<Float>
    /// [row, hidden]
    package let delta: AlignedBuffer<Float>
    /// [row, headWidth / 2]
    package let cosines: AlignedBuffer<Float>
    package let sines: AlignedBuffer<Float>

    package init(configuration: ModelConfiguration, maximumRows: Int) {
        func buffer(_ width: Int) -> AlignedBuffer<Float> { AlignedBuffer(count: maximumRows * width) }
        let queries = configuration.headCount * configuration.headWidth
        let keys = configuration.keyValueHeadCount * configuration.headWidth
        normed = buffer(configuration.hiddenSize)
        queryKeyValue = buffer(queries + 2 * keys)
        mixed = buffer(queries)
        gateUp = buffer(2 * configuration.feedForwardSize)
        inner = buffer(configuration.feedForwardSize)
        delta = buffer(configuration.hiddenSize)
        cosines = buffer(configuration.headWidth / 2)
        sines = buffer(configuration.headWidth / 2)
    }
}
