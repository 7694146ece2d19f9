import CKernels

extension UnsafeBufferPointer<Float> {
    /// The first place of the largest value; nil where one is not a number, or there is none.
    package var placeOfLargest: Int? {
        guard let baseAddress else { return nil }
        let place = InstructionSet.best.kernels.pointee.place_of_largest(baseAddress, count)
        return place < count ? place : nil
    }
}
