import CKernels

/// Bound of the difference between a screen's outputs and the exact ones: distance · `inputNorm` + `slack`, for each
/// row.
///
/// Let w be a row, v its copy, x the input and x̂ the rounded input. A float row gives w·x and its copy v·x̂; the
/// difference is w·(x − x̂) + (w − v)·x̂. A quantised row gives w·x̂, and the difference is (w − v)·x̂. By
/// Cauchy–Schwarz that is at most ‖w − v‖‖x̂‖, plus ‖w‖‖x − x̂‖ for float rows. Both are computed in float32, where a
/// sum of n products, in any order, has an error of at most γ‖w‖‖x‖, γ = nu / (1 − nu), u = 2⁻²⁴ (Higham, Accuracy and
/// Stability of Numerical Algorithms, 3.1).
package struct ScreenTolerance {
    /// Upper bound of ‖x̂‖.
    package let inputNorm: Float
    package let slack: Float

    /// Nil if there is no bound: the input is not finite, so large that a sum might overflow, or so small that float32
    /// loses it.
    ///
    /// - Parameters:
    ///   - input: [columns]
    ///   - rounded: the rounded input: [columns / 32] blocks
    init?(
        of screen: RowScreen, _ input: UnsafePointer<Float>, rounded: UnsafePointer<UInt8>,
        _ activations: ActivationFormat
    ) {
        let columns = screen.copy.columns
        let (norm, lost) = Self.norms(input, rounded, activations, blockCount: columns / 32)
        // Upper bound of ‖x‖ and ‖x̂‖.
        let whole = norm + lost
        guard Self.sizes.contains(whole), screen.largestNorm * whole < Self.sizes.upperBound else { return nil }
        // 16 more steps cover the rounding of scales and of the bounds themselves.
        let steps = Double(columns + 16) * 0x1p-24
        let ofSums = 2 * steps / (1 - steps) * screen.largestNorm * whole
        // Products of small weights may underflow; each is then less than 2⁻¹⁰⁰.
        let ofRounding = screen.isOfQuantized ? 0 : screen.largestNorm * lost
        slack = Float(ofRounding + ofSums + Double(columns) * 0x1p-100).nextUp
        inputNorm = Float(norm).nextUp
    }

    /// Norms for which float32 neither overflows nor loses small terms.
    private static let sizes = 0x1p-40..<0x1p100

    /// Upper bounds of ‖x̂‖ and ‖x − x̂‖.
    private static func norms(
        _ input: UnsafePointer<Float>, _ rounded: UnsafePointer<UInt8>, _ activations: ActivationFormat, blockCount: Int
    ) -> (rounded: Double, lost: Double) {
        var (norm, lost) = (SIMD4<Double>(), SIMD4<Double>())
        for number in 0..<blockCount {
            let block = UnsafeRawPointer(rounded + number * activations.bytesPerBlock)
            let scale = Double(block.load(as: volley_activation_header.self).scale)
            let codes = block + MemoryLayout<volley_activation_header>.size
            for index in 0..<32 {
                let code =
                    activations == .int16
                    ? Double(codes.load(fromByteOffset: 2 * index, as: Int16.self))
                    : Double(codes.load(fromByteOffset: index, as: Int8.self))
                let column = volley_activation_column(activations.kernelActivations, index)
                let value = scale * code
                let difference = Double(input[32 * number + column]) - value
                // Four independent sums.
                norm[index % 4] += value * value
                lost[index % 4] += difference * difference
            }
        }
        return (norm.sum().squareRoot() * (1 + 1e-9), lost.sum().squareRoot() * (1 + 1e-9))
    }
}
