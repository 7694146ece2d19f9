#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Memory of fixed size, zeroed and aligned to a cache line, freed with its last owner.
// Sendable: who shares a buffer either only reads it or divides it by index, as compute threads do.
package final class AlignedBuffer<Element: BitwiseCopyable>: @unchecked Sendable {
    package let pointer: UnsafeMutablePointer<Element>
    /// Elements.
    package let count: Int

    /// - Precondition: zero bits are a value of `Element`.
    package convenience init(count: Int) {
        self.init(unfilledCount: count)
        UnsafeMutableRawBufferPointer(start: pointer, count: count * MemoryLayout<Element>.stride)
            .initializeMemory(as: UInt8.self, repeating: 0)
    }

    /// A buffer that is about to be filled: its bytes are whatever they were. One of a large page or more asks for such pages, which
    /// are faster to get and to go through.
    package init(unfilledCount count: Int) {
        let byteCount = count * MemoryLayout<Element>.stride
        let isLarge = byteCount >= Self.largePage
        let bytes = UnsafeMutableRawPointer.allocate(
            byteCount: max(byteCount, 1), alignment: isLarge ? Self.largePage : 64)
        #if os(Linux)
            if isLarge { madvise(bytes, byteCount, Int32(MADV_HUGEPAGE)) }
        #endif
        pointer = bytes.bindMemory(to: Element.self, capacity: count)
        self.count = count
    }

    private static var largePage: Int { 2 << 20 }

    deinit { UnsafeMutableRawPointer(pointer).deallocate() }
}
