import Models
import Tensors

/// All layers' attention of the last positions of a full ring.
struct AttentionReads {
    private let configuration: ModelConfiguration
    private let compute: Compute
    private let depth: Int
    private let ring: KVRing
    private let queries: AlignedBuffer<Float>
    private let positions: AlignedBuffer<Int>
    /// A window's for each query: none hides anything.
    private let starts = AlignedBuffer<Int>(count: 16)
    private let output: AlignedBuffer<Float>
    private let firstOverflow = AlignedBuffer<Int64>(count: 1)

    init(
        _ configuration: ModelConfiguration, format: KVFormat, depth: Int, threadCount: Int
    ) throws(ThreadRefusal) {
        self.configuration = configuration
        self.depth = depth
        let width = configuration.headCount * configuration.headWidth
        compute = try Compute(
            threadCount: threadCount, maximumRows: 16, maximumColumns: 32, headWidth: configuration.headWidth)
        ring = KVRing(
            KVRing.Shape(
                configuration, layerCount: configuration.layerCount, format: format, sinks: 0, limit: depth + 16))
        ring.reserve(depth + 16)
        queries = AlignedBuffer(count: 16 * width)
        positions = AlignedBuffer(count: 16)
        output = AlignedBuffer(count: 16 * width)
        for index in 0..<queries.count { queries.pointer[index] = Float(index % 17) / 8 - 1 }
        fill()
    }

    /// Stores keys and values in every slot.
    private func fill() {
        let keyValueWidth = 2 * configuration.keyValueHeadCount * configuration.headWidth
        let rows = AlignedBuffer<Float>(count: ring.capacity * keyValueWidth)
        for index in 0..<rows.count { rows.pointer[index] = Float(index % 13) / 8 - 0.75 }
        // The identity rotation.
        let (ones, zeros) = (AlignedBuffer<Float>(count: configuration.headWidth), output.pointer)
        ones.pointer.update(repeating: 1, count: ones.count)
        zeros.update(repeating: 0, count: configuration.headWidth)
        for layer in 0..<configuration.layerCount {
            for entry in 0..<ring.capacity {
                let states = HeadStates(rows.pointer + entry * keyValueWidth, stride: keyValueWidth)
                compute.rotateAndStoreKeyValues(
                    heads(layer, states, keyValues: states, cosines: ones.pointer, sines: zeros, firstEntry: entry),
                    rowCount: 1)
            }
        }
    }

    private func heads(
        _ layer: Int, _ queries: HeadStates, keyValues: HeadStates, cosines: UnsafePointer<Float>,
        sines: UnsafePointer<Float>, firstEntry: Int
    ) -> HeadRows {
        HeadRows(
            queries: queries, queryEntries: positions.pointer, keyValues: keyValues,
            headCount: configuration.headCount, queryNorm: nil, keyNorm: nil, epsilon: 0, cosines: cosines,
            sines: sines, keys: ring.keys(layer), values: ring.values(layer), ring: ring.layout,
            firstOverflow: firstOverflow.pointer, firstEntry: firstEntry)
    }

    var byteCount: Int { depth * ring.shape.bytesPerSlot }

    func seconds(rowCount: Int) -> Double {
        let states = HeadStates(queries.pointer, stride: configuration.headCount * configuration.headWidth)
        for row in 0..<rowCount { positions.pointer[row] = depth - 1 + row }
        return timed {
            for layer in 0..<configuration.layerCount {
                let heads = heads(
                    layer, states, keyValues: states, cosines: queries.pointer, sines: queries.pointer,
                    firstEntry: depth - 1)
                compute.attend(
                    AttentionPass(
                        heads, mask: AttentionMask(windowStarts: starts.pointer, sinks: 0), rowCount: rowCount,
                        scale: 0.1),
                    output: output.pointer)
            }
        }
    }
}
