/// Memory of fixed size, zeroed and aligned to a cache line, freed with its last owner.
// Sendable: who shares a buffer either only reads it or divides it by index, as compute threads do.
package final class AlignedBuffer<Element: BitwiseCopyable>: @unchecked Sendable {
    package let pointer: UnsafeMutablePointer<Element>
    /// Elements.
    package let count: Int

    /// - Precondition: zero bits are a value of `Element`.
    package init(count: Int) {
        let byteCount = count * MemoryLayout<Element>.stride
        let bytes = UnsafeMutableRawPointer.allocate(byteCount: max(byteCount, 1), alignment: 64)
        bytes.initializeMemory(as: UInt8.self, repeating: 0, count: byteCount)
        pointer = bytes.bindMemory(to: Element.self, capacity: count)
        self.count = count
    }

    /// A buffer that is about to be filled: its bytes are whatever they were.
    package init(unfilledCount count: Int) {
        let byteCount = count * MemoryLayout<Element>.stride
        let bytes = UnsafeMutableRawPointer.allocate(byteCount: max(byteCount, 1), alignment: 64)
        pointer = bytes.bindMemory(to: Element.self, capacity: count)
        self.count = count
    }

    deinit { UnsafeMutableRawPointer(pointer).deallocate() }
}
