import Tensors
import Testing

struct ReadAheadTests {
    @Test("the weights that followed the last time are read ahead, and a changed order is learnt")
    func order() {
        let order = ReadingOrder()
        let memory = AlignedBuffer<UInt8>(count: 3)
        let (a, b, c) = (memory.pointer, memory.pointer + 1, memory.pointer + 2)
        func read(_ weights: UnsafePointer<UInt8>) -> UnsafeRawPointer? {
            let next = order.read(weights) {
                let starts = ReadingOrder.Starts(count: 1)
                starts.pointer[0] = UnsafeRawPointer(weights)
                return starts
            }
            return next.flatMap { $0[0] }
        }
        #expect(read(a) == nil && read(b) == nil)
        #expect(read(a) == UnsafeRawPointer(b))
        #expect(read(c) == nil)
        #expect(read(a) == UnsafeRawPointer(c))
        #expect(read(b) == UnsafeRawPointer(a))
    }

    @Test("reading ahead ends")
    func end() {
        let buffer = AlignedBuffer<UInt8>(count: 1)
        var ahead = ReadAhead(from: UnsafeRawPointer(buffer.pointer))
        var lines = 0
        while lines < 1 << 20, ahead.prefetchLine() { lines += 1 }
        #expect(lines == 2048)
    }
}
