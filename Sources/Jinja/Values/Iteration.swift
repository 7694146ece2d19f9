/// An iterator over values.
class ValueIterator {
    /// The next value, or nil at the end.
    func next(_ run: Run) throws(TemplateError) -> Value? { nil }
}

/// Iterates over the elements of an array.
final class ArrayIterator: ValueIterator {
    private let elements: [Value]
    private var index = 0

    init(_ elements: [Value]) { self.elements = elements }

    override func next(_ run: Run) throws(TemplateError) -> Value? {
        guard index < elements.count else { return nil }
        defer { index += 1 }
        return elements[index]
    }
}

/// Iterates over the scalars of a text.
final class TextIterator: ValueIterator {
    private let text: Text
    private var offset = 0

    init(_ text: Text) { self.text = text }

    override func next(_ run: Run) throws(TemplateError) -> Value? {
        guard offset < text.utf8.count else { return nil }
        let width = text.scalar(at: offset).width
        defer { offset += width }
        return .string(text.part(offset..<offset + width))
    }
}

/// Iterates over the results of a closure, computed on demand.
final class ClosureIterator: ValueIterator {
    private let body: (Run) throws(TemplateError) -> Value?

    init(_ body: @escaping (Run) throws(TemplateError) -> Value?) { self.body = body }

    override func next(_ run: Run) throws(TemplateError) -> Value? { try body(run) }
}

/// A generator: iterable once, with values computed on demand.
final class Generator: Object {
    private let source: ValueIterator
    private let name: String

    /// - Parameter depth: depth of the deepest value in `source`.
    init(_ name: String, depth: Int, _ source: ValueIterator) {
        self.name = name
        self.source = source
        super.init(depth: depth + 1)
    }

    override var typeName: String { name }
    override func iterator(_ run: Run) throws(TemplateError) -> ValueIterator? { source }
    override func representation(_ run: Run) throws(TemplateError) -> Text { Text("<\(name) object>") }
}

/// The value of `range()`.
final class RangeValue: Object {
    let start: Int
    let step: Int
    let count: Int
    let stop: Int

    init(start: Int, stop: Int, step: Int, count: Int) {
        (self.start, self.stop, self.step, self.count) = (start, stop, step, count)
        super.init()
    }

    subscript(index: Int) -> Value { .int(start + index * step) }

    override var typeName: String { "range" }
    override func length(_ run: Run) throws(TemplateError) -> Int? { count }
    var elements: [Value] { (0..<count).map { self[$0] } }

    override func iterator(_ run: Run) throws(TemplateError) -> ValueIterator? {
        var index = 0
        return ClosureIterator { [self] (_) throws(TemplateError) in
            guard index < count else { return nil }
            defer { index += 1 }
            return self[index]
        }
    }

    override func element(_ key: Value, _ run: Run) throws(TemplateError) -> Value? {
        guard let index = key.integer, let position = index.asIndex(count: count) else { return nil }
        return self[position]
    }

    override func attribute(_ name: Text, _ run: Run) throws(TemplateError) -> Value? {
        switch name {
        case "start": .int(start)
        case "stop": .int(stop)
        case "step": .int(step)
        default: nil
        }
    }

    override func representation(_ run: Run) throws(TemplateError) -> Text {
        Text(step == 1 ? "range(\(start), \(stop))" : "range(\(start), \(stop), \(step))")
    }

    override func equals(_ other: Object, _ run: Run) throws(TemplateError) -> Bool {
        guard let other = other as? RangeValue, count == other.count else { return false }
        return count == 0 || start == other.start && (count == 1 || step == other.step)
    }
}

/// A mapping's `keys()`, `values()` or `items()`.
final class MappingView: Object {
    enum Part: String { case keys, values, items }

    let mapping: MappingValue
    let part: Part

    init(_ part: Part, of mapping: MappingValue) {
        (self.part, self.mapping) = (part, mapping)
        super.init(depth: mapping.depth + 1)
    }

    override var typeName: String { "dict_" + part.rawValue }
    override func length(_ run: Run) throws(TemplateError) -> Int? { mapping.count }
    override var isHashable: Bool { part == .values }

    var elements: [Value] {
        switch part {
        case .keys: mapping.keys
        case .values: mapping.values
        case .items: zip(mapping.keys, mapping.values).map { .tuple([$0, $1]) }
        }
    }

    override func iterator(_ run: Run) throws(TemplateError) -> ValueIterator? { ArrayIterator(elements) }

    override func representation(_ run: Run) throws(TemplateError) -> Text {
        Text(typeName) + "(" + (try Value.list(elements).representation(run)) + ")"
    }

    override func equals(_ other: Object, _ run: Run) throws(TemplateError) -> Bool {
        guard let other = other as? MappingView, part == other.part, part != .values else { return self === other }
        return part == .keys ? mapping.hasSameKeys(as: other.mapping) : try mapping.equals(other.mapping, run)
    }
}

extension Value {
    /// An iterator over the elements, as a loop visits them.
    func iterator(_ run: Run) throws(TemplateError) -> ValueIterator {
        switch self {
        case .undefined: return ArrayIterator([])
        case .string(let text): return TextIterator(text)
        case .list(let list), .tuple(let list): return ArrayIterator(list.elements)
        case .mapping(let mapping): return ArrayIterator(mapping.keys)
        case .object(let object): if let iterator = try object.iterator(run) { return iterator }
        case .none, .bool, .int, .float: break
        }
        throw run.failure("'\(typeName)' object is not iterable")
    }

    /// `list(value)`, charged for its memory.
    func elements(_ run: Run) throws(TemplateError) -> [Value] {
        switch self {
        case .list(let list), .tuple(let list):
            try run.spend(list.elements.count)
            return list.elements
        default: break
        }
        let iterator = try iterator(run)
        var elements: [Value] = []
        while let value = try iterator.next(run) {
            try run.spend(1)
            try run.charge(MemoryLayout<Value>.stride)
            elements.append(value)
        }
        return elements
    }

    /// `len(value)`, or nil if the value has no length.
    func length(_ run: Run) throws(TemplateError) -> Int? {
        switch self {
        case .undefined: 0
        case .string(let text): text.count
        case .list(let list), .tuple(let list): list.elements.count
        case .mapping(let mapping): mapping.count
        case .object(let object): try object.length(run)
        case .none, .bool, .int, .float: nil
        }
    }
}

extension Int {
    /// The offset that a Python index refers to, or nil if out of range. Negative indices count from the end.
    func asIndex(count: Int) -> Int? {
        let index = self < 0 ? self + count : self
        return (0..<count).contains(index) ? index : nil
    }
}
