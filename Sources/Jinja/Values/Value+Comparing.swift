/// The comparison operators.
enum Comparator: Sendable { case equal, notEqual, less, atMost, greater, atLeast, isIn, isNotIn }

extension Run {
    func compare(_ left: Value, _ comparator: Comparator, _ right: Value) throws(TemplateError) -> Bool {
        switch comparator {
        case .equal: try left.equals(right, self)
        case .notEqual: !(try left.equals(right, self))
        case .less: try left.isLess(than: right, "<", self)
        case .greater: try right.isLess(than: left, ">", self)
        case .atMost: try left.isAtMost(right, "<=", self)
        case .atLeast: try right.isAtMost(left, ">=", self)
        case .isIn: try right.contains(left, self)
        case .isNotIn: !(try right.contains(left, self))
        }
    }
}

extension Value {
    /// `self == other`.
    func equals(_ other: Value, _ run: Run) throws(TemplateError) -> Bool {
        switch (self, other) {
        case (.undefined, .undefined), (.none, .none): return true
        case (.string(let left), .string(let right)):
            try run.scan(left)
            return left == right
        case (.list(let left), .list(let right)), (.tuple(let left), .tuple(let right)):
            guard left !== right else { return true }
            guard left.elements.count == right.elements.count else { return false }
            for (left, right) in zip(left.elements, right.elements) {
                try run.spend(1)
                guard try run.nested({ () throws(TemplateError) in try left.equals(right, run) }) else { return false }
            }
            return true
        case (.mapping(let left), .mapping(let right)):
            try run.spend(left.count)
            if left === right { return true }
            return try run.nested { () throws(TemplateError) in try left.equals(right, run) }
        case (.object(let left), .object(let right)): return try left.equals(right, run)
        default:
            if let left = integer, let right = other.integer { return left == right }
            if let left = number, let right = other.number { return left.equals(right, self, other) }
            return false
        }
    }

    /// `self < other`. Throws Python's error if the two have no order.
    func isLess(than other: Value, _ symbol: String, _ run: Run) throws(TemplateError) -> Bool {
        if let left = integer, let right = other.integer { return left < right }
        if let left = number, let right = other.number { return left < right }
        switch (self, other) {
        case (.string(let left), .string(let right)):
            try run.scan(left)
            return left < right
        case (.list(let left), .list(let right)), (.tuple(let left), .tuple(let right)):
            for (left, right) in zip(left.elements, right.elements) {
                try run.spend(1)
                if try left.equals(right, run) { continue }
                return try run.nested { () throws(TemplateError) in try left.isLess(than: right, symbol, run) }
            }
            return left.elements.count < right.elements.count
        default: throw noOrder(other, symbol, run)
        }
    }

    fileprivate func isAtMost(_ other: Value, _ symbol: String, _ run: Run) throws(TemplateError) -> Bool {
        if let left = number, let right = other.number, left.isNaN || right.isNaN { return false }
        switch (self, other) {
        case (.list, .list), (.tuple, .tuple):
            if try equals(other, run) { return true }
            return try isLess(than: other, symbol, run)
        default: return !(try other.isLess(than: self, symbol, run))
        }
    }

    private func noOrder(_ other: Value, _ symbol: String, _ run: Run) -> TemplateError {
        for value in [self, other] {
            if case .undefined(let undefined) = value { return run.failure(undefined.message) }
        }
        // Callers swap the operands of ">" and ">=".
        let (left, right) = symbol.hasPrefix(">") ? (other, self) : (self, other)
        return run.failure("'\(symbol)' not supported between instances of '\(left.typeName)' and '\(right.typeName)'")
    }

    /// `element in self`.
    func contains(_ element: Value, _ run: Run) throws(TemplateError) -> Bool {
        switch self {
        case .string(let text):
            guard let part = element.text else {
                throw run.failure("'in <string>' requires a string as left operand, not \(element.typeName)")
            }
            try run.scan(text)
            return text.contains(part)
        case .mapping(let mapping): return mapping[try run.identity(of: element)] != nil
        case .object(let object):
            if let view = object as? MappingView, view.part == .keys {
                return view.mapping[try run.identity(of: element)] != nil
            }
        default: break
        }
        let iterator = try iterator(run)
        while let value = try iterator.next(run) {
            try run.spend(1)
            if try value.equals(element, run) { return true }
        }
        return false
    }
}

extension Double {
    /// Compares numbers, at least one a float: exactly, as Python compares an int with a float.
    fileprivate func equals(_ other: Double, _ left: Value, _ right: Value) -> Bool {
        if let integer = left.integer { return Int(exactly: other) == integer }
        if let integer = right.integer { return Int(exactly: self) == integer }
        return self == other
    }
}

extension Run {
    /// The identity of a key. Throws Python's error if it is not hashable.
    func identity(of key: Value) throws(TemplateError) -> KeyIdentity {
        guard let identity = key.identity else { throw failure("unhashable type: '\(key.typeName)'") }
        return identity
    }

    /// A stable sort in ascending or descending order.
    func sorted(
        _ values: [Value], reverse: Bool = false, by key: (Value) throws(TemplateError) -> Value
    ) throws(TemplateError) -> [Value] {
        var items: [(key: Value, value: Value)] = []
        for value in values { items.append((try key(value), value)) }
        var width = 1
        while width < items.count {
            var merged: [(key: Value, value: Value)] = []
            merged.reserveCapacity(items.count)
            for start in stride(from: 0, to: items.count, by: 2 * width) {
                let middle = min(start + width, items.count)
                let end = min(start + 2 * width, items.count)
                var (left, right) = (start, middle)
                while left < middle, right < end {
                    try spend(1)
                    // Take the right one only if it must precede: this keeps the sort stable.
                    let rightFirst =
                        reverse
                        ? try items[left].key.isLess(than: items[right].key, "<", self)
                        : try items[right].key.isLess(than: items[left].key, "<", self)
                    merged.append(items[rightFirst ? right : left])
                    if rightFirst { right += 1 } else { left += 1 }
                }
                merged.append(contentsOf: items[left..<middle])
                merged.append(contentsOf: items[right..<end])
            }
            items = merged
            width *= 2
        }
        return items.map(\.value)
    }
}
