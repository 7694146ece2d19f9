/// The fields of a JSON object, in the order of the file, each name once.
///
/// A list, not a Swift dictionary: that would take two names that are canonically equivalent for the same one, and a
/// tokenizer's vocabulary may hold both. Looking a name up goes through the list; whoever needs many iterates.
package struct JSONObject: Sendable {
    /// One field.
    package typealias Field = (name: String, value: JSONValue)

    private var fields: [Field] = []

    package init() {}

    /// The value of the field of this name, byte for byte, or nil where there is none. Setting nil removes it.
    package subscript(name: String) -> JSONValue? {
        get { index(of: name).map { fields[$0].value } }
        set {
            switch (index(of: name), newValue) {
            case (let index?, let value?): fields[index].value = value
            case (let index?, nil): fields.remove(at: index)
            case (nil, let value?): append((name, value))
            case (nil, nil): break
            }
        }
    }

    /// Adds a field whose name is known not to be there.
    mutating func append(_ field: Field) { fields.append(field) }

    private func index(of name: String) -> Int? { fields.firstIndex { $0.name.utf8.elementsEqual(name.utf8) } }
}

extension JSONObject: RandomAccessCollection {
    package var startIndex: Int { fields.startIndex }
    package var endIndex: Int { fields.endIndex }
    package subscript(position: Int) -> Field { fields[position] }
}

extension JSONObject: Equatable {
    /// Whether both have the same fields, in whatever order.
    package static func == (left: JSONObject, right: JSONObject) -> Bool {
        left.count == right.count && left.allSatisfy { right[$0.name] == $0.value }
    }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
    package init(dictionaryLiteral elements: (String, JSONValue)...) {
        for (name, value) in elements { self[name] = value }
    }
}

/// Finds names that come twice, in steps that do not grow with the number of names.
struct NameSet {
    private var hashes: Set<Int> = []

    /// Returns whether no name in `fields` has the bytes of `name`. The hash is seeded anew in each process, so no file
    /// can be made to collide.
    mutating func insert(_ name: String, notIn fields: JSONObject) -> Bool {
        var hasher = Hasher()
        var name = name
        name.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
        return hashes.insert(hasher.finalize()).inserted || fields[name] == nil
    }
}
