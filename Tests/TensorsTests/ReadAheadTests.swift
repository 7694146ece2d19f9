import Testing

@testable import Tensors

struct ReadAheadTests {
    static func weights(rows: Int) -> Linear {
        let buffer = AlignedBuffer<Float>(count: rows * 32)
        return Linear([
            Matrix(rows: rows, columns: 32, format: .f32, bytes: UnsafeRawPointer(buffer.pointer), owner: buffer)
        ])
    }

    static func beginning(_ weights: Linear) -> AlignedBuffer<UnsafeRawPointer?> {
        let beginnings = AlignedBuffer<UnsafeRawPointer?>(count: 1)
        beginnings.pointer[0] = weights.slices.pointer[0].bytes
        return beginnings
    }

    @Test("what followed some weights the last time is what is read ahead, and a changed order is learnt")
    func order() {
        let order = ReadingOrder()
        let (a, b, c) = (Self.weights(rows: 1), Self.weights(rows: 2), Self.weights(rows: 3))
        func read(_ weights: Linear) -> UnsafeRawPointer? {
            order.read(weights) { Self.beginning(weights) }.flatMap { $0[0] }
        }
        func start(_ weights: Linear) -> UnsafeRawPointer { weights.slices.pointer[0].bytes }
        #expect(read(a) == nil && read(b) == nil)
        #expect(read(a) == start(b))
        #expect(read(c) == nil)
        #expect(read(a) == start(c))
        #expect(read(b) == start(a))
    }

    @Test("reading ahead ends")
    func end() {
        let buffer = AlignedBuffer<UInt8>(count: 1)
        var ahead = ReadAhead(from: UnsafeRawPointer(buffer.pointer))
        var lines = 0
        while lines < 1 << 20, ahead.fetchLine() { lines += 1 }
        #expect(lines == 2048)
    }
}
