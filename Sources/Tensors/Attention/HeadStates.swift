/// The output rows of a matmul, each with heads side by side.
package struct HeadStates: BitwiseCopyable {
    package let rows: UnsafeMutablePointer<Float>
    /// Floats from one row to the next.
    package let stride: Int

    package init(_ rows: UnsafeMutablePointer<Float>, stride: Int) {
        (self.rows, self.stride) = (rows, stride)
    }
}
