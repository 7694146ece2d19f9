import Foundation

/// How a number is written, shared by `%` formats and format specifications.
struct NumberFormat {
    var isAlternate = false
    /// The sign of a number that is not negative: "", " " or "+".
    var plus: Text = ""
    var grouping: Unicode.Scalar?
    var precision: Int?
    /// More than the digits of any `Double`.
    static let maximumPrecision = 1_100

    /// Sign, prefix and digits. Padding goes outside, or between prefix and digits.
    struct Parts {
        var sign: Text
        var digits: Text
    }

    func integer(_ number: Int, type: Unicode.Scalar) -> Parts {
        let radix = type == "x" || type == "X" ? 16 : type == "o" ? 8 : type == "b" ? 2 : 10
        var digits = String(number.magnitude, radix: radix, uppercase: type == "X")
        if let grouping { digits = grouped(digits, by: grouping, every: radix == 10 ? 3 : 4) }
        let prefix = isAlternate && radix != 10 ? Text("0" + String(Character(type))) : ""
        return Parts(sign: (number < 0 ? "-" : plus) + prefix, digits: Text(digits))
    }

    /// Formats a float by `e`, `f`, `g` or `%`; an upper-case type gives upper case.
    func float(_ number: Double, type: Unicode.Scalar) -> Parts {
        let sign: Text = number.sign == .minus && !number.isNaN ? "-" : plus
        let isUpper = type == "E" || type == "F" || type == "G"
        guard number.isFinite else {
            let name = number.isNaN ? "nan" : "inf"
            return Parts(sign: sign, digits: Text((isUpper ? name.uppercased() : name) + (type == "%" ? "%" : "")))
        }
        let value = type == "%" ? number.magnitude * 100 : number.magnitude
        let letter = type == "%" ? "f" : String(Character(type))
        let format = "%" + (isAlternate ? "#" : "") + "." + String(precision ?? 6) + letter
        var digits = String(format: format, value)
        if let grouping {
            let whole = digits.prefix { $0.isNumber }
            digits = grouped(String(whole), by: grouping, every: 3) + digits.dropFirst(whole.count)
        }
        return Parts(sign: sign, digits: Text(digits + (type == "%" ? "%" : "")))
    }

    /// Inserts `mark` between groups of `size` digits, counted from the right.
    private func grouped(_ digits: String, by mark: Unicode.Scalar, every size: Int) -> String {
        var result = ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index) % size == 0 { result.unicodeScalars.append(mark) }
            result.append(digit)
        }
        return result
    }
}
