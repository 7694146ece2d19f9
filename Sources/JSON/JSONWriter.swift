extension JSONValue {
    /// The value as one line of JSON (RFC 8259). Parsing it gives an equal value.
    package var text: String {
        var text = ""
        write(to: &text)
        return text
    }

    private func write(to text: inout String) {
        switch self {
        case .object(let fields): fields.write(to: &text)
        case .array(let elements):
            text += "["
            for (index, element) in elements.enumerated() {
                if index > 0 { text += "," }
                element.write(to: &text)
            }
            text += "]"
        case .string(let string): string.writeQuoted(to: &text)
        case .int(let number): text += String(number)
        case .double(let number): text += number.jsonText
        case .bool(let truth): text += truth ? "true" : "false"
        case .null: text += "null"
        }
    }
}

extension JSONObject {
    fileprivate func write(to text: inout String) {
        text += "{"
        for (index, field) in enumerated() {
            if index > 0 { text += "," }
            field.name.writeQuoted(to: &text)
            text += ":" + field.value.text
        }
        text += "}"
    }
}

extension Double {
    /// The shortest text that parses to the same number. JSON has no infinity, so a non-finite number becomes an
    /// out-of-range one, which readers refuse.
    fileprivate var jsonText: String { isFinite ? description : "1e999" }
}

extension String {
    fileprivate func writeQuoted(to text: inout String) {
        text += "\""
        for scalar in unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\r": text += "\\r"
            case "\t": text += "\\t"
            case ..<" ":
                let digits = String(scalar.value, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: text.unicodeScalars.append(scalar)
            }
        }
        text += "\""
    }
}
