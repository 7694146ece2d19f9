import JSON

/// Reads a schema document: follows references, merges `allOf`, and turns `anyOf` and `oneOf` into alternatives.
struct SchemaReader {
    let root: JSONValue
    /// Pointers of the schemas whose `oneOf` is known to be disjoint.
    private var checked: Set<String> = []

    private static let alternativeLimit = 256
    private static let depthLimit = 64

    init(root: JSONValue) { self.root = root }

    /// Schemas without references, `allOf`, `anyOf` and `oneOf`, all of which a value must fulfil.
    struct Alternative {
        var leaves: [SchemaPlace] = []
        /// Pointers of the schemas that were read.
        fileprivate var seen: Set<String> = []
    }

    /// The alternatives that fulfil all of `schemas`; none if a schema is `false`.
    mutating func alternatives(_ schemas: [SchemaPlace]) throws(ConstraintError) -> [Alternative] {
        var found = [Alternative()]
        for schema in schemas { found = try added(schema, to: found, path: []) }
        return found
    }

    private mutating func added(
        _ schema: SchemaPlace, to alternatives: [Alternative], path: [String]
    ) throws(ConstraintError) -> [Alternative] {
        guard !path.contains(schema.pointer) else { throw schema.problem("the schema refers to itself alone") }
        guard path.count < Self.depthLimit else {
            throw schema.problem("schemas are combined more than \(Self.depthLimit) levels deep")
        }
        switch schema.value {
        case .bool(true): return alternatives
        case .bool(false): return []
        case .object(let fields):
            try SchemaKeywords.check(schema, fields)
            let path = path + [schema.pointer]
            var done: [Alternative] = []
            var open: [Alternative] = []
            for var alternative in alternatives {
                if alternative.seen.insert(schema.pointer).inserted {
                    alternative.leaves.append(schema)
                    open.append(alternative)
                } else {
                    done.append(alternative)
                }
            }
            guard !open.isEmpty else { return done }
            if let reference = schema.value["$ref"] {
                open = try added(try target(of: reference, in: schema), to: open, path: path)
            }
            for part in try schema.list("allOf") ?? [] { open = try added(part, to: open, path: path) }
            for keyword in ["anyOf", "oneOf"] {
                guard let branches = try schema.list(keyword) else { continue }
                if keyword == "oneOf", checked.insert(schema.pointer).inserted {
                    try checkDisjoint(branches, of: schema)
                }
                var all: [Alternative] = []
                for branch in branches {
                    all += try added(branch, to: open, path: path)
                    guard all.count <= Self.alternativeLimit else {
                        throw schema.problem(
                            "anyOf and oneOf combine to more than \(Self.alternativeLimit) alternatives")
                    }
                }
                open = all
            }
            return done + open
        default: throw schema.problem("a schema should be an object, true or false, not \(schema.value)")
        }
    }

    /// The schema that `$ref` names: a pointer into the document.
    private func target(of reference: JSONValue, in schema: SchemaPlace) throws(ConstraintError) -> SchemaPlace {
        guard let text = reference.stringValue else { throw schema.problem("'$ref' should be a text") }
        guard text.hasPrefix("#") else {
            throw schema.problem("the reference \(quoted(text)) leaves the schema; give one that begins with '#'")
        }
        var place = SchemaPlace(pointer: "#", value: root)
        let pointer = text.dropFirst()
        guard pointer.isEmpty || pointer.hasPrefix("/") else {
            throw schema.problem("the reference \(quoted(text)) is no JSON pointer")
        }
        for part in pointer.split(separator: "/", omittingEmptySubsequences: false).dropFirst() {
            let name = (part.removingPercentEncoding).replacing("~1", with: "/").replacing("~0", with: "~")
            let value =
                place.value[name]
                ?? Int(name).flatMap { index in
                    place.value.arrayValue.flatMap { $0.indices.contains(index) ? $0[index] : nil }
                }
            guard let value else { throw schema.problem("there is no schema at \(quoted(text))") }
            place = place.child(name, of: value)
        }
        return place
    }

    /// Checks that no value fulfils two of the branches of `oneOf`, which a constraint then treats as `anyOf`.
    private mutating func checkDisjoint(_ branches: [SchemaPlace], of schema: SchemaPlace) throws(ConstraintError) {
        var shapes: [[SchemaShape]] = []
        for branch in branches {
            // A branch that recurs is read where it stands.
            shapes.append(try alternatives([branch]).map { SchemaShape($0.leaves) })
        }
        for (index, shape) in shapes.enumerated() {
            for other in shapes[..<index] {
                guard shape.allSatisfy({ one in other.allSatisfy { one.isDisjoint(from: $0) } }) else {
                    throw schema.problem(
                        "'oneOf' with branches that may hold together is not supported; use anyOf, or give each "
                            + "a type or a required constant of its own")
                }
            }
        }
    }
}

extension Substring {
    /// The text with `%XX` decoded.
    fileprivate var removingPercentEncoding: String {
        var bytes: [UInt8] = []
        var rest = utf8[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), let code = UInt8(String(Substring(rest.prefix(2))), radix: 16) {
                bytes.append(code)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
