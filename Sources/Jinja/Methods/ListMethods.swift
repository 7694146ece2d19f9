/// The methods of `list` and `tuple`.
enum ListMethods {
    /// Mutating methods, which the sandbox forbids.
    private static let forbidden: Set<Text> = [
        "append", "clear", "pop", "reverse", "insert", "sort", "extend", "remove",
    ]

    static func attribute(_ name: Text, of owner: Value) -> Value? {
        if case .tuple(let tuple) = owner, tuple.isGroup {
            if name == "grouper" { return tuple.elements[0] }
            if name == "list" { return tuple.elements[1] }
        }
        if case .list = owner {
            if forbidden.contains(name) { return Undefined.unsafe(name, of: owner) }
            if name == "copy" {
                return .object(
                    Method("copy", of: owner) { (owner, arguments, run) throws(TemplateError) in
                        try arguments.expectNone(for: "copy", run)
                        return try run.make(try owner.elements(run))
                    })
            }
        }
        switch name {
        case "count": return .object(Method("count", of: owner, count))
        case "index": return .object(Method("index", of: owner, index))
        default: return nil
        }
    }

    private static let count: Method.Body = { (owner, arguments, run) throws(TemplateError) in
        let wanted = try arguments.bound(1...1, for: "count", run)[0] ?? .none
        var count = 0
        for element in try owner.elements(run) where try element.equals(wanted, run) { count += 1 }
        return .int(count)
    }

    private static let index: Method.Body = { (owner, arguments, run) throws(TemplateError) in
        let values = try arguments.bound(1...3, for: "index", run)
        let elements = try owner.elements(run)
        let bounds = SliceBounds(
            start: try values[1].integer(or: 0, "the start", run),
            stop: try values[2].integer(or: .max, "the end", run), step: 1)
        let (start, stop, _) = bounds.indices(count: elements.count)
        for position in start..<max(start, stop) where try elements[position].equals(values[0] ?? .none, run) {
            return .int(position)
        }
        throw run.failure("the value is not in the \(owner.typeName)")
    }
}

/// The attributes of numbers that templates use.
enum NumberMethods {
    static func attribute(_ name: Text, of owner: Value) -> Value? {
        switch (name, owner) {
        case ("real", .int), ("real", .float): owner
        case ("real", .bool), ("numerator", .int), ("numerator", .bool): owner.integer.map { .int($0) }
        case ("imag", .float): .float(0)
        case ("imag", _): .int(0)
        case ("denominator", .int), ("denominator", .bool): .int(1)
        case ("is_integer", .float):
            .object(
                Method("is_integer", of: owner) { (owner, arguments, run) throws(TemplateError) in
                    try arguments.expectNone(for: "is_integer", run)
                    return .bool((owner.number ?? 0).truncatingRemainder(dividingBy: 1) == 0)
                })
        case ("bit_length", .int), ("bit_length", .bool):
            .object(
                Method("bit_length", of: owner) { (owner, arguments, run) throws(TemplateError) in
                    try arguments.expectNone(for: "bit_length", run)
                    return .int(Int.bitWidth - (owner.integer ?? 0).magnitude.leadingZeroBitCount)
                })
        default: nil
        }
    }
}
