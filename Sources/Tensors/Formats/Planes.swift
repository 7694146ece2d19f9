import CKernels

/// Floating-point words taken apart for compression, and put together again (layout: `CKernels/kernels/planes.h`).
package enum Planes {
    /// - Parameters:
    ///   - count: words.
    ///   - width: bytes of one word, 2 or 4.
    package static func split(
        _ words: UnsafeRawPointer, count: Int, width: Int, to output: UnsafeMutableRawPointer
    ) {
        precondition(width == 2 || width == 4)
        InstructionSet.best.kernels.pointee.split_planes(output, words, count, width)
    }

    /// Undoes `split`.
    package static func join(
        _ planes: UnsafeRawPointer, count: Int, width: Int, to output: UnsafeMutableRawPointer
    ) {
        precondition(width == 2 || width == 4)
        InstructionSet.best.kernels.pointee.join_planes(output, planes, count, width)
    }
}
