import JSON

extension Value {
    /// Converts a variable for a template.
    init(_ json: JSONValue) {
        switch json {
        case .object(let fields):
            let mapping = MappingValue()
            for (name, value) in fields { mapping.set(Text(name), Value(value)) }
            self = .mapping(mapping)
        case .array(let elements): self = .list(elements.map { Value($0) })
        case .string(let text): self = .string(Text(text))
        case .int(let number): self = .int(number)
        case .double(let number): self = .float(number)
        case .bool(let truth): self = .bool(truth)
        case .null: self = .none
        }
    }
}
