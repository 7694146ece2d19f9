import Foundation

extension Filters {
    static let numbers: [String: FilterBody] = [
        "abs": { (value, arguments, run) throws(TemplateError) in
            try arguments.expectNone(for: "abs", run)
            if case .float(let number) = value { return .float(number.magnitude) }
            guard let number = value.integer else {
                if case .undefined(let undefined) = value { throw run.failure(undefined.message) }
                throw run.failure("bad operand type for abs(): '\(value.typeName)'")
            }
            guard number != .min else { throw run.failure("the result does not fit 64 bits") }
            return .int(abs(number))
        },
        "int": { (value, arguments, run) throws(TemplateError) in
            let values = try arguments.bound(to: ["default", "base"], for: "int", run)
            let base = try values[1].integer(or: 10, "the base", run)
            return try run.integer(value, base: base) ?? values[0] ?? .int(0)
        },
        "float": { (value, arguments, run) throws(TemplateError) in
            let fallback = try arguments.bound(to: ["default"], for: "float", run)[0] ?? .float(0)
            if case .undefined(let undefined) = value { throw run.failure(undefined.message) }
            return (value.number ?? value.text.flatMap(\.asFloat)).map { .float($0) } ?? fallback
        },
        "round": { (value, arguments, run) throws(TemplateError) in
            let values = try arguments.bound(to: ["precision", "method"], for: "round", run)
            let precision = try values[0].integer(or: 0, "the precision", run)
            let method = try values[1].text(or: "common", "the method", run)
            guard ["common", "ceil", "floor"].contains(method) else {
                throw run.failure("method must be common, ceil or floor")
            }
            guard let number = value.number else {
                if case .undefined(let undefined) = value { throw run.failure(undefined.message) }
                throw run.failure("type \(value.typeName) cannot be rounded")
            }
            if method == "common" { return try run.rounded(value, number, precision) }
            guard precision.magnitude <= 300 else { throw run.failure("the precision is too large") }
            let scale = pow(10, Double(precision))
            let scaled = number * scale
            let whole = method == "ceil" ? scaled.rounded(.up) : scaled.rounded(.down)
            guard whole.isFinite else { throw run.failure("cannot convert float infinity or NaN to integer") }
            return .float(whole / scale)
        },
        "filesizeformat": { (value, arguments, run) throws(TemplateError) in
            let isBinary = try arguments.bound(to: ["binary"], for: "filesizeformat", run)[0].isTrue(or: false, run)
            guard let bytes = value.number ?? value.text.flatMap(\.asFloat) else {
                throw run.failure("filesizeformat: takes a number, not \(value.typeName)")
            }
            let base: Double = isBinary ? 1024 : 1000
            if bytes == 1 { return .string("1 Byte") }
            if bytes < base {
                guard let whole = Int(exactly: bytes.rounded(.towardZero)) else {
                    throw run.failure("the number is too large")
                }
                return .string(Text("\(whole) Bytes"))
            }
            let letters = Array("kMGTPEZY")
            var index = 0
            while index < letters.count - 1, bytes >= pow(base, Double(index + 2)) { index += 1 }
            let amount = base * bytes / pow(base, Double(index + 2))
            let letter = isBinary ? letters[index].uppercased() + "i" : String(letters[index])
            return .string(Text(String(format: "%.1f", amount) + " " + letter + "B"))
        },
    ]
}

extension Run {
    /// jinja2's `int` filter; nil where it uses its default.
    fileprivate func integer(_ value: Value, base: Int) throws(TemplateError) -> Value? {
        switch value {
        case .bool, .int: return value.integer.map { .int($0) }
        case .float(let number):
            guard number.isFinite else {
                // int(nan) raises ValueError, which yields the default; int(inf) raises OverflowError, which does not.
                if number.isNaN { return nil }
                throw failure("cannot convert float infinity to integer")
            }
            return try whole(number)
        case .string(let text):
            if let number = try text.asInteger(base: base, self) { return .int(number) }
            guard let number = text.asFloat, number.isFinite else { return nil }
            return try whole(number)
        case .undefined(let undefined): throw failure(undefined.message)
        default: return nil
        }
    }

    private func whole(_ number: Double) throws(TemplateError) -> Value {
        guard let whole = Int(exactly: number.rounded(.towardZero)) else {
            throw failure("the number does not fit 64 bits")
        }
        return .int(whole)
    }

    /// `round(value, precision)`: correctly rounded in decimal, ties to even.
    fileprivate func rounded(_ value: Value, _ number: Double, _ precision: Int) throws(TemplateError) -> Value {
        if let whole = value.integer {
            guard precision < 0 else { return .int(whole) }
            guard precision > -19 else { return .int(0) }
            var unit = 1
            for _ in 0..<(-precision) { unit *= 10 }
            let rest = whole % unit
            let down = whole - rest
            let isUp = rest.magnitude * 2 > unit || rest.magnitude * 2 == unit && (down / unit) % 2 != 0
            let (result, overflow) = down.addingReportingOverflow(isUp ? (whole < 0 ? -unit : unit) : 0)
            guard !overflow else { throw failure("the result does not fit 64 bits") }
            return .int(result)
        }
        guard number.isFinite else { return value }
        if precision > 320 { return value }
        if precision < -310 { return .float(number.sign == .minus ? -0.0 : 0.0) }
        if precision >= 0 { return .float(Double(String(format: "%.\(precision)f", number)) ?? number) }
        let scale = pow(10, Double(-precision))
        return .float((number / scale).rounded(.toNearestOrEven) * scale)
    }
}

extension Text {
    /// `float(text)`, or nil if that fails.
    var asFloat: Double? {
        var digits = trimmed.string.lowercased()
        guard let plain = digits.withoutUnderscores else { return nil }
        digits = plain
        let sign = digits.hasPrefix("-") ? -1.0 : 1.0
        let magnitude = digits.hasPrefix("-") || digits.hasPrefix("+") ? String(digits.dropFirst()) : digits
        switch magnitude {
        case "inf", "infinity": return sign * .infinity
        case "nan": return .nan
        default: break
        }
        let isPlain = magnitude.unicodeScalars.allSatisfy { "0123456789.e+-".unicodeScalars.contains($0) }
        let mantissa = magnitude.prefix { $0 != "e" }
        guard isPlain, mantissa.contains(where: \.isNumber), let first = magnitude.first, first.isNumber || first == "."
        else { return nil }
        guard let number = Double(magnitude.hasSuffix(".") ? magnitude + "0" : magnitude) else {
            // Swift requires digits on both sides of the point.
            return Double(magnitude.replacing(".e", with: ".0e").replacing(/^\./, with: "0.")).map { sign * $0 }
        }
        return sign * number
    }

    /// `int(text, base)`, or nil if that fails. Throws if the number is too large.
    fileprivate func asInteger(base: Int, _ run: Run) throws(TemplateError) -> Int? {
        var digits = trimmed.string.lowercased()
        let isNegative = digits.hasPrefix("-")
        if isNegative || digits.hasPrefix("+") { digits.removeFirst() }
        var radix = base
        for (prefix, value) in [("0x", 16), ("0o", 8), ("0b", 2)]
        where digits.hasPrefix(prefix) && (base == value || base == 0) {
            digits.removeFirst(2)
            if digits.hasPrefix("_") { digits.removeFirst() }
            radix = value
        }
        guard radix == 0 || (2...36).contains(radix) else { return nil }
        if radix == 0 {
            radix = 10
            if digits.hasPrefix("0"), digits.contains(where: { $0 != "0" && $0 != "_" }) { return nil }
        }
        guard let plain = digits.withoutUnderscores, !plain.isEmpty, !plain.hasPrefix("-"), !plain.hasPrefix("+"),
            plain.utf8.allSatisfy({ Character(Unicode.Scalar($0)).isASCII })
        else { return nil }
        if let number = Int((isNegative ? "-" : "") + plain, radix: radix) { return number }
        let isNumber = plain.allSatisfy { Int(String($0), radix: radix) != nil }
        guard !isNumber else { throw run.failure("the number \(plain.prefix(40)) does not fit 64 bits") }
        return nil
    }
}

extension String {
    /// Removes single underscores between digits. Nil if an underscore stands anywhere else.
    fileprivate var withoutUnderscores: String? {
        guard contains("_") else { return self }
        let parts = split(separator: "_", omittingEmptySubsequences: false)
        for (index, part) in parts.enumerated() {
            guard !part.isEmpty else { return nil }
            if index > 0, !part.first!.isHexDigit { return nil }
            if index < parts.count - 1, !part.last!.isHexDigit { return nil }
        }
        return parts.joined()
    }
}
