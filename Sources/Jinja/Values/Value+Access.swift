extension Value {
    /// `self.name`: the attribute first, then the item.
    func attributeOrItem(_ name: Text, _ run: Run) throws(TemplateError) -> Value {
        if case .undefined(let undefined) = self, !name.isInternal { throw run.failure(undefined.message) }
        if let attribute = try attribute(name, run) { return attribute }
        return try item(.string(name), run) ?? Undefined.attribute(name, of: self)
    }

    /// `self[key]`: the item first, then, for a string, the attribute.
    func itemOrAttribute(_ key: Value, _ run: Run) throws(TemplateError) -> Value {
        if let item = try item(key, run) { return item }
        guard let name = key.text else { return Undefined.element(try key.representation(run), of: self) }
        return try attribute(name, run) ?? Undefined.attribute(name, of: self)
    }

    /// An attribute as Python's `getattr` finds it: undefined if the sandbox forbids it, nil if there is none.
    func attribute(_ name: Text, _ run: Run) throws(TemplateError) -> Value? {
        if case .object(let object) = self, let attribute = try object.attribute(name, run) {
            return name.utf8.first == UInt8(ascii: "_") ? Undefined.unsafe(name, of: self) : attribute
        }
        if name.utf8.first == UInt8(ascii: "_") {
            return PythonAttributes.exists(name, on: self) ? Undefined.unsafe(name, of: self) : nil
        }
        switch self {
        case .string: return StringMethods.method(name, of: self)
        case .mapping: return MappingMethods.method(name, of: self)
        case .list, .tuple: return ListMethods.attribute(name, of: self)
        case .int, .bool, .float: return NumberMethods.attribute(name, of: self)
        default: return nil
        }
    }

    /// `self[key]`, or nil if Python raises a `TypeError` or `LookupError`.
    func item(_ key: Value, _ run: Run) throws(TemplateError) -> Value? {
        switch self {
        case .undefined(let undefined): throw run.failure(undefined.message)
        case .mapping(let mapping): return key.identity.flatMap { mapping[$0] }
        case .list(let list), .tuple(let list):
            return key.integer?.asIndex(count: list.elements.count).map { list.elements[$0] }
        case .string(let text):
            guard let index = key.integer else { return nil }
            try run.scan(text)
            return index.asIndex(count: text.count).map { .string(text.slice($0..<$0 + 1).marked(text.isMarkup)) }
        case .object(let object): return try object.element(key, run)
        case .none, .bool, .int, .float: return nil
        }
    }

    /// `self[start:stop:step]`.
    func sliced(_ start: Value?, _ stop: Value?, _ step: Value?, _ run: Run) throws(TemplateError) -> Value {
        if case .undefined(let undefined) = self { throw run.failure(undefined.message) }
        let slice = try run.slice(start, stop, step)
        switch self {
        case .list(let list): return try run.make(try slice.elements(of: list.elements, run))
        case .tuple(let list): return try run.make(tuple: try slice.elements(of: list.elements, run))
        case .string(let text):
            try run.scan(text)
            let bounds = slice.indices(count: text.count)
            let part =
                bounds.step == 1
                ? text.slice(bounds.start..<max(bounds.start, bounds.stop))
                : Text(try slice.elements(of: text.scalars, run))
            return try run.make(part.marked(text.isMarkup))
        case .object(let range as RangeValue):
            let (start, stop, step) = slice.indices(count: range.count)
            let count = max(0, (stop - start + step - step.signum()) / step)
            return .object(
                RangeValue(
                    start: range.start &+ start &* range.step, stop: range.start &+ stop &* range.step,
                    step: range.step &* step, count: count))
        default: throw run.failure("'\(typeName)' object cannot be sliced")
        }
    }
}

/// The bounds of a slice.
struct SliceBounds {
    let start: Int?
    let stop: Int?
    let step: Int

    /// The start, end and step for a sequence of `count` elements, clamped to its bounds.
    func indices(count: Int) -> (start: Int, stop: Int, step: Int) {
        let (lowest, highest) = step < 0 ? (-1, count - 1) : (0, count)
        func clamped(_ index: Int?, or fallback: Int) -> Int {
            guard let index else { return fallback }
            return min(max(index < 0 ? max(index, -count - 1) + count : index, lowest), highest)
        }
        return (
            clamped(start, or: step < 0 ? highest : lowest), clamped(stop, or: step < 0 ? lowest : highest),
            max(step, -count - 1) > 0 ? min(step, count + 1) : max(step, -count - 1)
        )
    }

    func elements<Element>(of elements: [Element], _ run: Run) throws(TemplateError) -> [Element] {
        let (start, stop, step) = indices(count: elements.count)
        var result: [Element] = []
        for index in stride(from: start, to: stop, by: step) { result.append(elements[index]) }
        try run.charge(result.count * MemoryLayout<Element>.stride)
        return result
    }
}

extension Run {
    fileprivate func slice(_ start: Value?, _ stop: Value?, _ step: Value?) throws(TemplateError) -> SliceBounds {
        func bound(_ value: Value?) throws(TemplateError) -> Int? {
            guard let value, !value.isNone else { return nil }
            guard let number = value.integer else {
                if case .undefined(let undefined) = value { throw failure(undefined.message) }
                throw failure("slice indices must be whole numbers, not \(value.typeName)")
            }
            return number
        }
        let bounds = SliceBounds(start: try bound(start), stop: try bound(stop), step: try bound(step) ?? 1)
        guard bounds.step != 0 else { throw failure("slice step cannot be zero") }
        return bounds
    }
}

extension Text {
    /// Whether this is one of Python's own names, such as `__class__`.
    fileprivate var isInternal: Bool { hasPrefix("__") && hasSuffix("__") }
}
