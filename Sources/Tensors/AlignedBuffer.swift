#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// A fixed-size block of memory, aligned to a cache line and zeroed unless `unfilledCount` is used.
// Sendable: code that shares a buffer only reads it or writes to disjoint indices, as compute threads do.
package final class AlignedBuffer<Element: BitwiseCopyable>: @unchecked Sendable {
    package let pointer: UnsafeMutablePointer<Element>
    package let count: Int

    /// - Precondition: zero bits are a valid `Element`.
    package convenience init(count: Int) {
        self.init(unfilledCount: count)
        UnsafeMutableRawBufferPointer(start: pointer, count: count * MemoryLayout<Element>.stride)
            .initializeMemory(as: UInt8.self, repeating: 0)
    }

    /// An uninitialised buffer, for callers that fill it. Buffers of 2 MiB or more request huge pages, which are faster
    /// to allocate and to read.
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
