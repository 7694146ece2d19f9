/// A decimal number of no sign as digits: the integer part without leading zeros, and the fraction without trailing ones.
struct DecimalDigits: Equatable {
    /// At least one digit.
    let whole: [UInt8]
    let fraction: [UInt8]

    static let zero = DecimalDigits(whole: [0], fraction: [])

    init(whole: [UInt8], fraction: [UInt8]) {
        let significant = whole.drop { $0 == 0 }
        self.whole = significant.isEmpty ? [0] : Array(significant)
        self.fraction = Array(fraction.reversed().drop { $0 == 0 }.reversed())
    }

    /// The magnitude of a finite number, by its shortest spelling; nil if it has more than 400 digits.
    init?(magnitudeOf number: Double) {
        let parts = abs(number).description.split(whereSeparator: { $0 == "e" || $0 == "E" })
        let mantissa = parts[0].split(separator: ".", omittingEmptySubsequences: false).map { part in
            part.utf8.map { $0 - 0x30 }
        }
        let exponent = parts.count > 1 ? Int(parts[1]) ?? 0 : 0
        guard abs(exponent) <= 400 else { return nil }
        let fraction = mantissa.count > 1 ? mantissa[1] : []
        let zeros = [UInt8](repeating: 0, count: abs(exponent))
        if exponent >= 0 {
            let moved = fraction + zeros
            self.init(whole: mantissa[0] + moved.prefix(exponent), fraction: Array(moved.dropFirst(exponent)))
        } else {
            let moved = zeros + mantissa[0]
            let point = moved.count + exponent
            self.init(whole: Array(moved[..<point]), fraction: moved[point...] + fraction)
        }
    }

    init(magnitudeOf number: Int) {
        self.init(whole: String(number.magnitude).utf8.map { $0 - 0x30 }, fraction: [])
    }

    var isZero: Bool { self == .zero }
}
