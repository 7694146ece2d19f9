import CKernels

/// How far a screen's outputs may be from the exact ones: distance · `inputNorm` + `slack`, of each row.
///
/// Let w be a row, v its copy, x the input and x̂ what rounding makes of it. A plain row gives w·x and its copy v·x̂; the
/// difference is w·(x − x̂) + (w − v)·x̂. A quantised row gives w·x̂, and the difference is (w − v)·x̂. By Cauchy and Schwarz that
/// is at most ‖w − v‖‖x̂‖, and for plain rows ‖w‖‖x − x̂‖ more. Both are computed in float32, where a sum of n products in
/// whatever order is off by at most γ‖w‖‖x‖, γ = nu / (1 − nu), u = 2⁻²⁴ (Higham, Accuracy and Stability of Numerical
/// Algorithms, 3.1).
package struct ScreenTolerance {
    /// No less than ‖x̂‖.
    package let inputNorm: Float
    package let slack: Float

    /// Nil where nothing can be said: the input is not finite, so large that a sum might overflow, or so small that float32 loses it.
    ///
    /// - Parameters:
    ///   - input: [columns]
    ///   - rounded: what the copy was multiplied by: [columns / 32] blocks
    init?(
        of screen: RowScreen, _ input: UnsafePointer<Float>, rounded: UnsafePointer<UInt8>,
        _ activations: ActivationFormat
    ) {
        let columns = screen.copy.columns
        let (norm, lost) = Self.norms(input, rounded, activations, blockCount: columns / 32)
        // No less than ‖x‖ and ‖x̂‖.
        let whole = norm + lost
        guard Self.sizes.contains(whole), screen.largestNorm * whole < Self.sizes.upperBound else { return nil }
        // 16 steps more: the scales' roundings, and those of the bounds themselves.
        let steps = Double(columns + 16) * 0x1p-24
        let ofSums = 2 * steps / (1 - steps) * screen.largestNorm * whole
        // Products of small weights may also vanish: each is less than 2⁻¹⁰⁰ then.
        let ofRounding = screen.isOfQuantized ? 0 : screen.largestNorm * lost
        slack = Float(ofRounding + ofSums + Double(columns) * 0x1p-100).nextUp
        inputNorm = Float(norm).nextUp
    }

    /// Far from what overflows float32, and from what its least numbers add to a sum.
    private static let sizes = 0x1p-40..<0x1p100

    /// ‖x̂‖ and ‖x − x̂‖, a little more than they are.
    private static func norms(
        _ input: UnsafePointer<Float>, _ rounded: UnsafePointer<UInt8>, _ activations: ActivationFormat, blockCount: Int
    ) -> (rounded: Double, lost: Double) {
        var (norm, lost) = (SIMD4<Double>(), SIMD4<Double>())
        for index in 0..<blockCount {
            let block = UnsafeRawPointer(rounded + index * activations.bytesPerBlock)
            let scale = Double(block.load(as: volley_block_header.self).scale)
            let codes = block + MemoryLayout<volley_block_header>.size
            for place in 0..<32 {
                let code =
                    activations == .int16
                    ? Double(codes.load(fromByteOffset: 2 * place, as: Int16.self))
                    : Double(codes.load(fromByteOffset: place, as: Int8.self))
                let column = volley_block_column(activations.kernelActivations, place)
                let value = scale * code
                let difference = Double(input[32 * index + column]) - value
                // Four sums that do not wait for each other.
                norm[place % 4] += value * value
                lost[place % 4] += difference * difference
            }
        }
        return (norm.sum().squareRoot() * (1 + 1e-9), lost.sum().squareRoot() * (1 + 1e-9))
    }
}
