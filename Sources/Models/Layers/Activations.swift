import Tensors

/// The forward pass's scratch memory, made once for the widest pass of a session.
struct Activations {
    /// [row, hidden]
    let normed: AlignedBuffer<Float>
    /// [row, (heads + 2·kvHeads)·headWidth]
    let queryKeyValue: AlignedBuffer<Float>
    /// [row, heads·headWidth]
    let mixed: AlignedBuffer<Float>
    /// [row, 2·width of the widest feed-forward network]
    let gateUp: AlignedBuffer<Float>
    /// [row, width of the widest feed-forward network]
    let inner: AlignedBuffer<Float>
    /// [row, hidden]
    let delta: AlignedBuffer<Float>
    /// The entry of each row in its ring: [row].
    let entries: AlignedBuffer<Int>
    /// The first entry in each row's window: [row].
    let windowStarts: AlignedBuffer<Int>
    /// [row, headWidth / 2]
    let cosines: AlignedBuffer<Float>
    let sines: AlignedBuffer<Float>

    init(configuration: ModelConfiguration, maximumRows: Int) {
        func buffer(_ width: Int) -> AlignedBuffer<Float> { AlignedBuffer(count: maximumRows * width) }
        let queries = configuration.headCount * configuration.headWidth
        let keys = configuration.keyValueHeadCount * configuration.headWidth
        normed = buffer(configuration.hiddenSize)
        queryKeyValue = buffer(queries + 2 * keys)
        mixed = buffer(queries)
        gateUp = buffer(2 * configuration.widestFeedForward)
        inner = buffer(configuration.widestFeedForward)
        delta = buffer(configuration.hiddenSize)
        entries = AlignedBuffer(count: maximumRows)
        windowStarts = AlignedBuffer(count: maximumRows)
        cosines = buffer(configuration.headWidth / 2)
        sines = buffer(configuration.headWidth / 2)
    }
}
