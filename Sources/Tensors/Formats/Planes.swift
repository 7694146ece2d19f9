import CKernels

/// Splits floating-point words into planes that compress well, and joins them again (layout:
/// `CKernels/kernels/planes.h`).
package enum Planes {
    /// - Parameters:
    ///   - count: number of words.
    ///   - width: bytes of one word, 2 or 4.
    package static func split(
        _ words: UnsafeRawPointer, count: Int, width: Int, to output: UnsafeMutableRawPointer
    ) {
        precondition(width == 2 || width == 4)
        InstructionSet.best.kernels.pointee.split_planes(output, words, count, width)
    }

    /// Inverse of `split`.
    package static func join(
        _ planes: UnsafeRawPointer, count: Int, width: Int, to output: UnsafeMutableRawPointer
    ) {
        precondition(width == 2 || width == 4)
        InstructionSet.best.kernels.pointee.join_planes(output, planes, count, width)
    }
}
