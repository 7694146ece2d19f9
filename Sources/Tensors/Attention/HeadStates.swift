/// Heads side by side in each row, as a matmul gives them.
package struct HeadStates: BitwiseCopyable {
    package let rows: UnsafeMutablePointer<Float>
    /// Floats from one row to the next.
    package let stride: Int

    package init(_ rows: UnsafeMutablePointer<Float>, stride: Int) {
        (self.rows, self.stride) = (rows, stride)
    }
}
