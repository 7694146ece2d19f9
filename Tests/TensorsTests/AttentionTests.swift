import Foundation
import Tensors
import TestSupport
import Testing

struct AttentionTests {
    struct Shape {
        var heads = 4
        var keyValueHeads = 2
        var headWidth = 16
        var window = Int.max
        var sinks = 0
        var format = KVFormat.f32
    }

    /// Keys, values and queries of a whole sequence: [position][head·headWidth].
    struct Sequence {
        let count: Int
        let keys: [Float]
        let values: [Float]
        let queries: [Float]

        init(_ count: Int, _ shape: Shape, seed: UInt64) {
            var generator = SeededGenerator(seed: seed)
            self.count = count
            keys = randomActivations(count * shape.keyValueHeads * shape.headWidth, using: &generator)
            values = randomActivations(count * shape.keyValueHeads * shape.headWidth, using: &generator)
            queries = randomActivations(count * shape.heads * shape.headWidth, using: &generator).map { 3 * $0 }
        }

        /// Rows q | k | v, as a matmul outputs them.
        func rows(_ positions: Range<Int>, _ shape: Shape) -> [Float] {
            func part(_ states: [Float], _ heads: Int, _ position: Int) -> ArraySlice<Float> {
                states[position * heads * shape.headWidth..<(position + 1) * heads * shape.headWidth]
            }
            return positions.flatMap { position in
                part(queries, shape.heads, position) + part(keys, shape.keyValueHeads, position)
                    + part(values, shape.keyValueHeads, position)
            }
        }
    }

    /// Runs the sequence through a ring of `capacity` slots in passes of `rowCount`; returns every output.
    static func attend(
        _ sequence: Sequence, _ shape: Shape, capacity: Int, rowCount: Int, threadCount: Int = 1,
        _ set: InstructionSet = .best
    ) throws -> [Float] {
        let compute = try Compute(
            threadCount: threadCount, maximumRows: rowCount, maximumColumns: 8, headWidth: shape.headWidth,
            instructionSet: set)
        let ring = RingLayout(
            format: shape.format, capacity: capacity, sinks: shape.sinks, keyValueHeadCount: shape.keyValueHeads,
            headWidth: shape.headWidth)
        let heads = capacity * shape.keyValueHeads
        let keys = AlignedBuffer<UInt8>(count: heads * shape.format.keyByteCount(headWidth: shape.headWidth))
        let values = AlignedBuffer<UInt8>(count: heads * shape.format.valueByteCount(headWidth: shape.headWidth))
        let width = shape.heads * shape.headWidth
        // The identity rotation.
        let cosines = AlignedBuffer<Float>(count: rowCount * shape.headWidth)
        let sines = AlignedBuffer<Float>(count: rowCount * shape.headWidth)
        cosines.pointer.update(repeating: 1, count: cosines.count)
        let positions = AlignedBuffer<Int>(count: rowCount)
        let firstOverflow = AlignedBuffer<Int64>(count: 1)
        let starts = AlignedBuffer<Int>(count: rowCount)
        var output = [Float](repeating: .nan, count: sequence.count * width)
        for first in stride(from: 0, to: sequence.count, by: rowCount) {
            let rows = min(rowCount, sequence.count - first)
            for row in 0..<rows {
                positions.pointer[row] = first + row
                starts.pointer[row] = shape.window == .max ? 0 : max(0, first + row + 1 - shape.window)
            }
            var states = sequence.rows(first..<first + rows, shape)
            states.withUnsafeMutableBufferPointer { states in
                output.withUnsafeMutableBufferPointer { output in
                    let stride = width + 2 * shape.keyValueHeads * shape.headWidth
                    let heads = HeadRows(
                        queries: HeadStates(states.baseAddress!, stride: stride), queryEntries: positions.pointer,
                        keyValues: HeadStates(states.baseAddress! + width, stride: stride), headCount: shape.heads,
                        queryNorm: nil, keyNorm: nil, epsilon: 0,
                        cosines: cosines.pointer, sines: sines.pointer, keys: UnsafeMutableRawPointer(keys.pointer),
                        values: UnsafeMutableRawPointer(values.pointer), ring: ring,
                        firstOverflow: firstOverflow.pointer, firstEntry: first)
                    compute.rotateAndStore(heads, rowCount: rows)
                    compute.attend(
                        AttentionPass(
                            heads, mask: AttentionMask(windowStarts: starts.pointer, sinks: shape.sinks),
                            rowCount: rows,
                            scale: 0.25),
                        output: output.baseAddress! + first * width)
                }
            }
        }
        return output
    }

    /// Keys or values as a format stores them, by its definition.
    static func stored(_ states: [Float], in format: StorageFormat) -> [Double] {
        switch format {
        case .f16: return states.map { Double(Float16($0)) }
        case .q8_0:
            return stride(from: 0, to: states.count, by: 32).flatMap { first in
                let block = states[first..<first + 32]
                let scale = Float(Float16(block.map(abs).max()! / 127))
                return block.map { Double(scale) * Double(($0 * (1 / scale)).rounded(.toNearestOrEven)) }
            }
        default: return states.map(Double.init)
        }
    }

    /// Softmax attention in double precision over the visible keys.
    static func expected(_ s: Sequence, _ shape: Shape, from first: Int = 0) -> [Double] {
        let width = shape.headWidth
        let keys = stored(s.keys, in: shape.format.keys)
        let values = stored(s.values, in: shape.format.values)
        var output: [Double] = []
        for p in first..<s.count {
            let visible = (0...p).filter { $0 < shape.sinks || shape.window == .max || $0 > p - shape.window }
            for head in 0..<shape.heads {
                let kv = head / (shape.heads / shape.keyValueHeads)
                func at(_ source: [Double], _ k: Int, _ c: Int) -> Double {
                    source[(k * shape.keyValueHeads + kv) * width + c]
                }
                let weights = visible.map { k in
                    exp(
                        0.25
                            * (0..<width).reduce(0.0) {
                                $0 + Double(s.queries[(p * shape.heads + head) * width + $1]) * at(keys, k, $1)
                            })
                }
                let total = weights.reduce(0, +)
                for c in 0..<width {
                    output.append(zip(visible, weights).reduce(0) { $0 + $1.1 * at(values, $1.0, c) } / total)
                }
            }
        }
        return output
    }

    @Test("attention against double precision: head shapes, windows, sinks, ring wraps, formats, instruction sets")
    func againstDoublePrecision() throws {
        let shapes = [
            Shape(), Shape(heads: 8, keyValueHeads: 1, headWidth: 24), Shape(heads: 3, keyValueHeads: 3, headWidth: 10),
            Shape(heads: 9, keyValueHeads: 3, headWidth: 64, format: .f16), Shape(window: 1),
            Shape(window: 5, sinks: 2),
            Shape(headWidth: 32, window: 33, sinks: 40, format: .f16),
            Shape(heads: 80, keyValueHeads: 1, window: 70, sinks: 3),
            Shape(heads: 9, keyValueHeads: 3, headWidth: 64, format: .q8_0),
            Shape(headWidth: 32, window: 33, sinks: 40, format: .q8_0),
            Shape(headWidth: 96, format: KVFormat(keys: .q8_0, values: .f16)!),
            Shape(heads: 20, headWidth: 32, window: 60, format: KVFormat(keys: .f32, values: .q8_0)!),
            Shape(heads: 6, keyValueHeads: 1, headWidth: 40, format: KVFormat(keys: .f16, values: .f32)!),
        ]
        for shape in shapes {
            let sequence = Sequence(150, shape, seed: 1)
            let expected = Self.expected(sequence, shape)
            for rowCount in [1, 3, 16, 40] {
                let capacity = shape.window == .max ? 150 : min(150, shape.sinks + shape.window + rowCount - 1)
                for set in LinearTests.instructionSets {
                    let output = try Self.attend(sequence, shape, capacity: capacity, rowCount: rowCount, set)
                    let difference = zip(output, expected).map { abs(Double($0) - $1) }.max() ?? .infinity
                    #expect(difference < 2e-6 as Double, "\(shape), passes of \(rowCount), \(set)")
                }
            }
        }
    }

    @Test("the bits do not depend on ring capacity, pass width or thread count")
    func invariance() throws {
        let mixed = KVFormat(keys: .q8_0, values: .f16)!
        for shape in [
            Shape(), Shape(heads: 6, keyValueHeads: 1, window: 20, sinks: 5, format: .f16),
            Shape(heads: 6, keyValueHeads: 1, headWidth: 32, window: 20, sinks: 5, format: .q8_0),
            Shape(headWidth: 64, format: .q8_0), Shape(headWidth: 32, window: 50, format: mixed),
        ] {
            let sequence = Sequence(200, shape, seed: 2)
            let reference = try Self.attend(sequence, shape, capacity: 200, rowCount: 1)
            for rowCount in [1, 2, 7, 16, 100] {
                let smallest = shape.window == .max ? 200 : shape.sinks + shape.window + rowCount - 1
                for capacity in [smallest, smallest + 9, 300] {
                    for threadCount in [1, 3] {
                        let output = try Self.attend(
                            sequence, shape, capacity: capacity, rowCount: rowCount, threadCount: threadCount)
                        #expect((output == reference) as Bool, "\(shape) \(rowCount) \(capacity) \(threadCount)")
                    }
                }
            }
        }
    }

    @Test("key ranges shared by threads are correct and give the bits of one thread")
    func ranges() throws {
        for shape in [
            Shape(heads: 6, keyValueHeads: 3, headWidth: 8), Shape(heads: 24, keyValueHeads: 1, headWidth: 8),
            Shape(headWidth: 8, window: 1_500, sinks: 3),
            Shape(heads: 3, keyValueHeads: 3, headWidth: 32, format: .q8_0),
        ] {
            let sequence = Sequence(2_100, shape, seed: 3)
            let first = 2_040
            let expected = Self.expected(sequence, shape, from: first)
            for rowCount in [1, 6] {
                let alone = try Self.attend(sequence, shape, capacity: 2_100, rowCount: rowCount)
                let shared = try Self.attend(sequence, shape, capacity: 2_100, rowCount: rowCount, threadCount: 4)
                #expect((alone == shared) as Bool, "\(shape), passes of \(rowCount)")
                let last = alone[(first * shape.heads * shape.headWidth)...]
                let difference = zip(last, expected).map { abs(Double($0) - $1) }.max() ?? .infinity
                #expect(difference < 2e-6 as Double, "\(shape), passes of \(rowCount)")
            }
        }
    }
}
