import CKernels

extension UnsafeBufferPointer<Float> {
    /// Index of the first largest value; nil if any value is NaN or the buffer is empty.
    package var argmax: Int? {
        guard let baseAddress else { return nil }
        let index = InstructionSet.best.kernels.pointee.argmax(baseAddress, count)
        return index < count ? index : nil
    }
}
