extension Text {
    /// `repr(str)`: quoted, with non-printable scalars escaped.
    var pythonQuoted: Text {
        let quote: UInt8 = utf8.contains(0x27) && !utf8.contains(0x22) ? 0x22 : 0x27
        var bytes: [UInt8] = [quote]
        bytes.reserveCapacity(utf8.count + 2)
        var offset = 0
        while offset < utf8.count {
            let (scalar, width) = scalar(at: offset)
            offset += width
            switch scalar {
            case "\\": bytes.append("\\\\")
            case "\n": bytes.append("\\n")
            case "\r": bytes.append("\\r")
            case "\t": bytes.append("\\t")
            case Unicode.Scalar(quote): bytes.append(contentsOf: [0x5C, quote])
            case _ where scalar.isPythonPrintable: bytes.append(scalar)
            default: bytes.append(scalar.pythonEscape)
            }
        }
        bytes.append(quote)
        return Text(utf8: bytes)
    }
}

extension Unicode.Scalar {
    /// `str.isprintable` for one scalar.
    var isPythonPrintable: Bool {
        if isASCII { return (0x20...0x7E).contains(value) }
        switch properties.generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator,
            .spaceSeparator:
            return false
        default: return true
        }
    }

    /// `\xNN`, `\uNNNN` or `\UNNNNNNNN`.
    var pythonEscape: String {
        let digits = String(value, radix: 16)
        let (letter, width) = value < 0x100 ? ("x", 2) : value < 0x10000 ? ("u", 4) : ("U", 8)
        return "\\" + letter + String(repeating: "0", count: width - digits.count) + digits
    }
}
