import Tensors

/// A token's gate for a layer or a module: g = sigmoid(row · input + offset).
package struct Gate: Sendable {
    /// [1, input]
    package let row: Linear
    /// 0 unless a measurement forces gates open or shut.
    package let offset: Float

    package init(row: Linear, offset: Float = 0) {
        self.row = row
        self.offset = offset
    }

    /// A token runs the layer or module if its gate is above this.
    static let threshold: Float = 0.5
}
