extension Value {
    /// `str(value)`.
    func printed(_ run: Run) throws(TemplateError) -> Text {
        switch self {
        case .undefined: return .empty
        case .string(let text): return text
        default: return try representation(run)
        }
    }

    /// `repr(value)`.
    func representation(_ run: Run) throws(TemplateError) -> Text {
        switch self {
        case .undefined: return "Undefined"
        case .none: return "None"
        case .bool(let truth): return truth ? "True" : "False"
        case .int(let number): return Text(String(number))
        case .float(let number): return Text(number.pythonText)
        case .string(let text):
            try run.scan(text)
            return text.isMarkup ? "Markup(" + text.pythonQuoted + ")" : text.pythonQuoted
        case .object(let object):
            return try run.nested { () throws(TemplateError) in try object.representation(run) }
        case .list(let list): return try run.represent(list.elements, "[", "]")
        case .tuple(let list): return try run.represent(list.elements, "(", list.elements.count == 1 ? ",)" : ")")
        case .mapping(let mapping): return try run.represent(mapping)
        }
    }
}

extension Run {
    fileprivate func represent(_ elements: [Value], _ open: String, _ close: String) throws(TemplateError) -> Text {
        var bytes = Array(open.utf8)
        for (index, element) in elements.enumerated() {
            try spend(1)
            if index > 0 { bytes.append(", ") }
            let text = try nested { () throws(TemplateError) in try element.representation(self) }
            try charge(text.utf8.count)
            bytes.append(text)
        }
        bytes.append(close)
        return Text(utf8: bytes)
    }

    fileprivate func represent(_ mapping: MappingValue) throws(TemplateError) -> Text {
        var bytes = Array("{".utf8)
        for (index, key) in mapping.keys.enumerated() {
            try spend(1)
            if index > 0 { bytes.append(", ") }
            let key = try nested { () throws(TemplateError) in try key.representation(self) }
            let value = try nested { () throws(TemplateError) in try mapping.values[index].representation(self) }
            try charge(key.utf8.count + value.utf8.count)
            bytes.append(key)
            bytes.append(": ")
            bytes.append(value)
        }
        bytes.append("}")
        return Text(utf8: bytes)
    }
}
