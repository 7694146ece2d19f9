/// `json.dumps`, as called by transformers' `tojson`.
struct JSONText {
    private let run: Run
    private let value: Value
    var isASCII = false
    var sortsKeys = false
    private var indent: Text?
    private var itemSeparator: Text = ", "
    private var keySeparator: Text = ": "
    private var bytes: [UInt8] = []

    init(_ run: Run, value: Value) { (self.run, self.value) = (run, value) }

    /// Sets the indentation per level: a text, or a number of spaces.
    mutating func setIndent(_ value: Value?) throws(TemplateError) {
        guard let value, !value.isNone else { return }
        itemSeparator = ","
        if let text = value.text {
            indent = text
        } else {
            let width = max(0, try Optional(value).integer(or: 0, "the indent", run))
            try run.charge(width)
            indent = Text(utf8: Array(repeating: UInt8(ascii: " "), count: width), isASCII: true)
        }
    }

    mutating func setSeparators(_ value: Value?) throws(TemplateError) {
        guard let value, !value.isNone else { return }
        let parts = try value.elements(run)
        guard parts.count == 2, let item = parts[0].text, let key = parts[1].text else {
            throw run.failure("tojson: 'separators' must be two strings")
        }
        (itemSeparator, keySeparator) = (item, key)
    }

    func text() throws(TemplateError) -> Text {
        var writer = self
        try writer.write(value, level: 0)
        return Text(utf8: writer.bytes)
    }

    private mutating func write(_ value: Value, level: Int) throws(TemplateError) {
        try run.spend(1)
        try run.charge(0)
        switch value {
        case .none: bytes.append("null")
        case .bool(let truth): bytes.append(truth ? "true" : "false")
        case .int(let number): bytes.append(String(number))
        case .float(let number): bytes.append(number.jsonText)
        case .string(let text): try write(quoted: text)
        case .list(let list), .tuple(let list):
            let elements = list.elements
            try write(elements.count, "[", "]", level: level) { (writer, index) throws(TemplateError) in
                try writer.write(elements[index], level: level + 1)
            }
        case .mapping(let mapping):
            var fields: [(key: Text, value: Value)] = []
            for position in try order(of: mapping) {
                fields.append((try name(of: mapping.keys[position]), mapping.values[position]))
            }
            try write(fields.count, "{", "}", level: level) { [fields] (writer, index) throws(TemplateError) in
                try writer.write(quoted: fields[index].key)
                writer.bytes.append(writer.keySeparator)
                try writer.write(fields[index].value, level: level + 1)
            }
        case .undefined, .object: throw run.failure("object of type \(value.typeName) is not JSON serializable")
        }
    }

    private mutating func write(
        _ count: Int, _ open: String, _ close: String, level: Int,
        _ writeElement: (inout JSONText, Int) throws(TemplateError) -> Void
    ) throws(TemplateError) {
        try run.descend()
        defer { run.ascend() }
        bytes.append(open)
        for index in 0..<count {
            if index > 0 { bytes.append(itemSeparator) }
            try writeLineEnd(level: level + 1)
            try writeElement(&self, index)
        }
        if count > 0 { try writeLineEnd(level: level) }
        bytes.append(close)
    }

    private mutating func writeLineEnd(level: Int) throws(TemplateError) {
        guard let indent else { return }
        try run.charge(level * indent.utf8.count)
        bytes.append("\n")
        for _ in 0..<level { bytes.append(indent) }
    }

    private func order(of mapping: MappingValue) throws(TemplateError) -> [Int] {
        let positions = Array(0..<mapping.count)
        guard sortsKeys else { return positions }
        return try run.sorted(positions.map { .int($0) }) { (position) throws(TemplateError) in
            mapping.keys[position.integer ?? 0]
        }.compactMap(\.integer)
    }

    private func name(of key: Value) throws(TemplateError) -> Text {
        switch key {
        case .string(let text): return text
        case .none: return "null"
        case .bool(let truth): return truth ? "true" : "false"
        case .int(let number): return Text(String(number))
        case .float(let number): return Text(number.jsonText)
        default: throw run.failure("keys must be str, int, float, bool or None, not \(key.typeName)")
        }
    }

    private mutating func write(quoted text: Text) throws(TemplateError) {
        try run.charge(text.utf8.count)
        bytes.append(UInt8(ascii: "\""))
        if isASCII, !text.isASCII {
            for unit in text.string.utf16 {
                if unit < 0x7F { write(UInt8(unit)) } else { bytes.append(Self.escape(unit)) }
            }
        } else {
            for byte in text.utf8 { write(byte) }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    private mutating func write(_ byte: UInt8) {
        switch byte {
        case UInt8(ascii: "\""): bytes.append("\\\"")
        case UInt8(ascii: "\\"): bytes.append("\\\\")
        case 0x0A: bytes.append("\\n")
        case 0x0D: bytes.append("\\r")
        case 0x09: bytes.append("\\t")
        case 0x08: bytes.append("\\b")
        case 0x0C: bytes.append("\\f")
        case ..<0x20: bytes.append(Self.escape(UInt16(byte)))
        default: bytes.append(byte)
        }
    }

    private static func escape(_ unit: UInt16) -> String {
        let digits = String(unit, radix: 16)
        return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
    }
}

extension Double {
    fileprivate var jsonText: String {
        isNaN ? "NaN" : isInfinite ? (self < 0 ? "-Infinity" : "Infinity") : pythonText
    }
}
