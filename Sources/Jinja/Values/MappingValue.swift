/// A `dict`: keys and values in the order of insertion.
final class MappingValue {
    private(set) var keys: [Value] = []
    private(set) var values: [Value] = []
    /// Containers inside containers, this one included.
    private(set) var depth = 1
    private var identities: [KeyIdentity] = []
    /// Places by key, once there are many.
    private var places: [KeyIdentity: Int] = [:]
    private static let smallCount = 8

    init() {}

    var count: Int { keys.count }

    /// Sets the value of a key. Only whoever makes a mapping may call this, before others see it.
    func set(_ identity: KeyIdentity, _ key: Value, _ value: Value) {
        depth = max(depth, 1 + value.depth, 1 + key.depth)
        if let place = place(of: identity) { return values[place] = value }
        keys.append(key)
        values.append(value)
        identities.append(identity)
        if count == Self.smallCount + 1 {
            for (place, identity) in identities.enumerated() { places[identity] = place }
        } else if count > Self.smallCount {
            places[identity] = count - 1
        }
    }

    func set(_ name: Text, _ value: Value) { set(.text(name), .string(name), value) }

    subscript(identity: KeyIdentity) -> Value? { place(of: identity).map { values[$0] } }

    subscript(name: Text) -> Value? { self[.text(name)] }

    private func place(of identity: KeyIdentity) -> Int? {
        count > Self.smallCount ? places[identity] : identities.firstIndex(of: identity)
    }

    /// A copy that may be added to.
    func copy() -> MappingValue {
        let copy = MappingValue()
        for (place, identity) in identities.enumerated() { copy.set(identity, keys[place], values[place]) }
        return copy
    }

    /// Whether both have the same keys with equal values, in whatever order.
    func equals(_ other: MappingValue, _ run: Run) throws(TemplateError) -> Bool {
        guard count == other.count else { return false }
        for (place, identity) in identities.enumerated() {
            guard let value = other[identity], try values[place].equals(value, run) else { return false }
        }
        return true
    }

    func hasSameKeys(as other: MappingValue) -> Bool {
        count == other.count && identities.allSatisfy { other[$0] != nil }
    }
}

/// The equality of keys: `1`, `1.0` and `True` are one key.
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
    /// The value as a key, or nil where Python has no hash for it.
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
