import Models
import Tensors

/// All layers' attention of the last positions of a full float16 ring.
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

    init(_ configuration: ModelConfiguration, depth: Int, threadCount: Int) throws(ThreadRefusal) {
        self.configuration = configuration
        self.depth = depth
        let width = configuration.headCount * configuration.headWidth
        compute = try Compute(
            threadCount: threadCount, maximumRows: 16, maximumColumns: 32, headWidth: configuration.headWidth)
        ring = KVRing(
            KVRing.Shape(
                configuration, layerCount: configuration.layerCount, format: .f16, sinks: 0, limit: depth + 16))
        ring.reserve(depth + 16)
        queries = AlignedBuffer(count: 16 * width)
        positions = AlignedBuffer(count: 16)
        output = AlignedBuffer(count: 16 * width)
        for index in 0..<queries.count { queries.pointer[index] = Float(index % 17) / 8 - 1 }
        let slabCount = configuration.keyValueHeadCount * ring.capacity * configuration.headWidth
        for layer in 0..<configuration.layerCount {
            for slab in [ring.keys(layer), ring.values(layer)] {
                let words = slab.bindMemory(to: UInt16.self, capacity: slabCount)
                for index in 0..<slabCount { words[index] = Float16(Float(index % 13) / 8 - 0.75).bitPattern }
            }
        }
    }

    var byteCount: Int { depth * ring.shape.bytesPerSlot }

    func seconds(rowCount: Int) -> Double {
        let states = HeadStates(queries.pointer, stride: configuration.headCount * configuration.headWidth)
        for row in 0..<rowCount { positions.pointer[row] = depth - 1 + row }
        return timed {
            for layer in 0..<configuration.layerCount {
                let heads = HeadRows(
                    queries: states, queryEntries: positions.pointer, keyValues: states,
                    headCount: configuration.headCount, queryNorm: nil, keyNorm: nil, epsilon: 0,
                    cosines: queries.pointer, sines: queries.pointer, keys: ring.keys(layer),
                    values: ring.values(layer),
                    ring: ring.layout, firstOverflow: firstOverflow.pointer, firstEntry: depth - 1)
                compute.attend(
                    AttentionPass(
                        heads, mask: AttentionMask(windowStarts: starts.pointer, sinks: 0), rowCount: rowCount,
                        scale: 0.1),
                    output: output.pointer)
            }
        }
    }
}
