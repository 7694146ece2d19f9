/// The fields of a JSON object, in file order. Names are unique.
///
/// Stored as an array: a Swift dictionary would merge canonically equivalent names, and a tokenizer's vocabulary may
/// hold both. Lookup by name is linear; for many lookups, iterate instead.
package struct JSONObject: Sendable {
    package typealias Field = (name: String, value: JSONValue)

    private var fields: [Field] = []

    package init() {}

    /// The value of the field with this name, or nil if there is none. Names are compared byte for byte. Setting nil
    /// removes the field.
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

    /// Appends a field. The caller guarantees that its name is new.
    mutating func append(_ field: Field) { fields.append(field) }

    private func index(of name: String) -> Int? { fields.firstIndex { $0.name.utf8.elementsEqual(name.utf8) } }
}

extension JSONObject: RandomAccessCollection {
    package var startIndex: Int { fields.startIndex }
    package var endIndex: Int { fields.endIndex }
    package subscript(position: Int) -> Field { fields[position] }
}

extension JSONObject: Equatable {
    /// Compares fields regardless of their order.
    package static func == (left: JSONObject, right: JSONObject) -> Bool {
        left.count == right.count && left.allSatisfy { right[$0.name] == $0.value }
    }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
    package init(dictionaryLiteral elements: (String, JSONValue)...) {
        for (name, value) in elements { self[name] = value }
    }
}

/// Detects duplicate names in constant time per name.
struct NameSet {
    private var hashes: Set<Int> = []

    /// Records `name` and returns whether `fields` lacks it. Hashes are seeded per process, so no file can be crafted
    /// to collide.
    mutating func insert(_ name: String, notIn fields: JSONObject) -> Bool {
        var hasher = Hasher()
        var name = name
        name.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
        return hashes.insert(hasher.finalize()).inserted || fields[name] == nil
    }
}
