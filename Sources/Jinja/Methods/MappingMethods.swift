/// The methods of `dict`.
enum MappingMethods {
    /// Mutating methods, which the sandbox forbids.
    private static let forbidden: Set<Text> = ["clear", "pop", "popitem", "setdefault", "update"]

    static func method(_ name: Text, of owner: Value) -> Value? {
        if forbidden.contains(name) { return Undefined.unsafe(name, of: owner) }
        guard let body = bodies[name] else { return nil }
        return .object(
            Method(name.string, of: owner) { (owner, arguments, run) throws(TemplateError) in
                guard case .mapping(let mapping) = owner else { throw run.failure("not a mapping") }
                return try body(mapping, arguments, run)
            })
    }

    private typealias Body = @Sendable (MappingValue, Arguments, Run) throws(TemplateError) -> Value

    private static let bodies: [Text: Body] = [
        "get": { (mapping, arguments, run) throws(TemplateError) in
            let values = try arguments.bound(1...2, for: "get", run)
            return mapping[try run.identity(of: values[0] ?? .none)] ?? values[1] ?? .none
        },
        "items": { (mapping, arguments, run) throws(TemplateError) in
            try arguments.expectNone(for: "items", run)
            return try run.view(.items, of: mapping)
        },
        "keys": { (mapping, arguments, run) throws(TemplateError) in
            try arguments.expectNone(for: "keys", run)
            return try run.view(.keys, of: mapping)
        },
        "values": { (mapping, arguments, run) throws(TemplateError) in
            try arguments.expectNone(for: "values", run)
            return try run.view(.values, of: mapping)
        },
        "copy": { (mapping, arguments, run) throws(TemplateError) in
            try arguments.expectNone(for: "copy", run)
            try run.charge(mapping.count * 4 * MemoryLayout<Value>.stride)
            return .mapping(mapping.copy())
        },
        "fromkeys": { (_, arguments, run) throws(TemplateError) in
            let values = try arguments.bound(1...2, for: "fromkeys", run)
            let mapping = MappingValue()
            for key in try (values[0] ?? .none).elements(run) {
                try run.charge(4 * MemoryLayout<Value>.stride)
                mapping.set(try run.identity(of: key), key, values[1] ?? .none)
            }
            return try run.checked(.mapping(mapping))
        },
    ]
}

extension Run {
    /// Makes a view. Charges for its elements up front, because every iteration creates them.
    func view(_ part: MappingView.Part, of mapping: MappingValue) throws(TemplateError) -> Value {
        try charge(64 + (part == .items ? mapping.count * 3 * MemoryLayout<Value>.stride : 0))
        return try checked(.object(MappingView(part, of: mapping)))
    }
}
