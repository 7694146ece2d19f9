/// A `dict`: keys and values in insertion order.
final class MappingValue {
    private(set) var keys: [Value] = []
    private(set) var values: [Value] = []
    /// Nesting depth of containers, this one included.
    private(set) var depth = 1
    private var identities: [KeyIdentity] = []
    /// Index by key. Filled once there are more than `smallCount` keys.
    private var indices: [KeyIdentity: Int] = [:]
    private static let smallCount = 8

    init() {}

    var count: Int { keys.count }

    /// Sets the value of a key. Only the creator of a mapping may call this, before sharing it.
    func set(_ identity: KeyIdentity, _ key: Value, _ value: Value) {
        depth = max(depth, 1 + value.depth, 1 + key.depth)
        if let index = index(of: identity) { return values[index] = value }
        keys.append(key)
        values.append(value)
        identities.append(identity)
        if count == Self.smallCount + 1 {
            for (index, identity) in identities.enumerated() { indices[identity] = index }
        } else if count > Self.smallCount {
            indices[identity] = count - 1
        }
    }

    func set(_ name: Text, _ value: Value) { set(.text(name), .string(name), value) }

    subscript(identity: KeyIdentity) -> Value? { index(of: identity).map { values[$0] } }

    subscript(name: Text) -> Value? { self[.text(name)] }

    private func index(of identity: KeyIdentity) -> Int? {
        count > Self.smallCount ? indices[identity] : identities.firstIndex(of: identity)
    }

    /// A mutable copy.
    func copy() -> MappingValue {
        let copy = MappingValue()
        for (index, identity) in identities.enumerated() { copy.set(identity, keys[index], values[index]) }
        return copy
    }

    /// Compares keys and values regardless of order.
    func equals(_ other: MappingValue, _ run: Run) throws(TemplateError) -> Bool {
        guard count == other.count else { return false }
        for (index, identity) in identities.enumerated() {
            guard let value = other[identity], try values[index].equals(value, run) else { return false }
        }
        return true
    }

    func hasSameKeys(as other: MappingValue) -> Bool {
        count == other.count && identities.allSatisfy { other[$0] != nil }
    }
}

/// A key's identity for lookup: `1`, `1.0` and `True` are the same key.
enum KeyIdentity: Hashable {
    case text(Text)
    case int(Int)
    case float(Double)
    case none
    case undefined
    case tuple([KeyIdentity])
    case object(ObjectIdentifier)
}

extension Value {
    /// The value as a key, or nil if it is not hashable in Python.
    var identity: KeyIdentity? {
        switch self {
        case .undefined: return .undefined
        case .none: return KeyIdentity.none
        case .bool(let truth): return .int(truth ? 1 : 0)
        case .int(let number): return .int(number)
        case .float(let number): return Int(exactly: number).map { .int($0) } ?? .float(number)
        case .string(let text): return .text(text)
        case .list, .mapping: return nil
        case .tuple(let tuple):
            var identities: [KeyIdentity] = []
            for element in tuple.elements {
                guard let identity = element.identity else { return nil }
                identities.append(identity)
            }
            return .tuple(identities)
        case .object(let object): return object.isHashable ? .object(ObjectIdentifier(object)) : nil
        }
    }
}
