/// The 8-bit floating-point format of FP8 checkpoints: a sign, 4 exponent bits with bias 7, 3 fraction bits. It has no
/// infinities, and is NaN when all bits but the sign are set (E4M3 of Micikevicius et al., arXiv 2209.05433;
/// `float8_e4m3fn` in PyTorch).
package enum E4M3 {
    package static func isNaN(_ code: UInt8) -> Bool { code & 0x7F == 0x7F }

    /// The value of a code.
    package static func value(_ code: UInt8) -> Float { values[Int(code)] }

    /// output = code · scale, rounded once.
    package static func decode(
        _ codes: UnsafePointer<UInt8>, count: Int, scale: Float, to output: UnsafeMutablePointer<Float>
    ) {
        values.withUnsafeBufferPointer { values in
            for index in 0..<count { output[index] = values[Int(codes[index])] * scale }
        }
    }

    private static let values: [Float] = (0...UInt8.max).map { code in
        guard !isNaN(code) else { return .nan }
        let (exponent, fraction) = (Int(code >> 3 & 15), Float(code & 7))
        let magnitude =
            exponent == 0
            ? fraction * 0x1p-9 : Float(sign: .plus, exponent: exponent - 7, significand: 1 + fraction / 8)
        return code < 128 ? magnitude : -magnitude
    }
}
