import CKernels

extension UnsafeBufferPointer<Float> {
    /// The first place of the largest value; nil where one is not a number, or there is none.
    package var argmax: Int? {
        guard let baseAddress else { return nil }
        let index = InstructionSet.best.kernels.pointee.argmax(baseAddress, count)
        return index < count ? index : nil
    }
}
