extension Filters {
    static let sequences: [String: FilterBody] = [
        "length": length("length"),
        "count": length("count"),
        "list": { (value, arguments, run) throws(TemplateError) in
            try arguments.expectNone(for: "list", run)
            return try run.make(try value.elements(run))
        },
        "first": { (value, arguments, run) throws(TemplateError) in
            try arguments.expectNone(for: "first", run)
            return try value.iterator(run).next(run) ?? Undefined.hint("no first item, the sequence is empty")
        },
        "last": { (value, arguments, run) throws(TemplateError) in
            try arguments.expectNone(for: "last", run)
            return try run.reversedElements(value).first ?? Undefined.hint("no last item, the sequence is empty")
        },
        "reverse": { (value, arguments, run) throws(TemplateError) in
            try arguments.expectNone(for: "reverse", run)
            if case .string(let text) = value {
                return try run.make(Text(text.scalars.reversed()).marked(text.isMarkup))
            }
            if case .object(let object) = value, !(object is MappingView), !(object is RangeValue) {
                return try run.make(try value.elements(run).reversed())
            }
            return try run.generator(
                "list_reverseiterator", depth: value.depth, ArrayIterator(try run.reversedElements(value)))
        },
        "items": { (value, arguments, run) throws(TemplateError) in
            try arguments.expectNone(for: "items", run)
            switch value {
            case .undefined: return try run.generator("generator", depth: 0, ArrayIterator([]))
            case .mapping(let mapping):
                let view = MappingView(.items, of: mapping)
                try run.charge(mapping.count * 3 * MemoryLayout<Value>.stride)
                return try run.generator("generator", depth: view.depth, ArrayIterator(view.elements))
            // jinja2 raises the error when the result is iterated.
            default:
                let type = value.typeName
                return try run.generator(
                    "generator", depth: 0,
                    ClosureIterator { (run) throws(TemplateError) in
                        throw run.failure("can only get item pairs from a mapping, not from \(type)")
                    })
            }
        },
        "sum": { (value, arguments, run) throws(TemplateError) in
            let values = try arguments.bound(to: ["attribute", "start"], for: "sum", run)
            let path = try run.attributePath(values[0])
            var sum = values[1] ?? .int(0)
            if case .string = sum { throw run.failure("sum() can't sum strings") }
            let iterator = try value.iterator(run)
            while let element = try iterator.next(run) {
                try run.spend(1)
                sum = try run.compute(.add, sum, try path.value(of: element, run))
            }
            return sum
        },
        "min": extreme("min"),
        "max": extreme("max"),
        "unique": { (value, arguments, run) throws(TemplateError) in
            let values = try arguments.bound(to: ["case_sensitive", "attribute"], for: "unique", run)
            let isSensitive = try values[0].isTrue(or: false, run)
            let path = try run.attributePath(values[1])
            let source = try value.iterator(run)
            var seen: Set<KeyIdentity> = []
            return try run.generator(
                "generator", depth: value.depth,
                ClosureIterator { (run) throws(TemplateError) in
                    while let element = try source.next(run) {
                        try run.spend(1)
                        let key = try path.value(of: element, run)
                        try run.charge(64)
                        if seen.insert(try run.identity(of: isSensitive ? key : key.caseFolded)).inserted {
                            return element
                        }
                    }
                    return nil
                })
        },
        "batch": { (value, arguments, run) throws(TemplateError) in
            let values = try arguments.bound(to: ["linecount", "fill_with"], required: 1, for: "batch", run)
            let source = try value.iterator(run)
            // No length equals NaN, so everything goes into one batch.
            let size = values[0]?.number
            let fill = values[1]
            return try run.generator(
                "generator", depth: max(value.depth, fill?.depth ?? 0) + 1,
                ClosureIterator { (run) throws(TemplateError) in
                    var batch: [Value] = []
                    while Double(batch.count) != size || batch.isEmpty {
                        guard let element = try source.next(run) else { break }
                        try run.spend(1)
                        try run.charge(MemoryLayout<Value>.stride)
                        batch.append(element)
                    }
                    guard !batch.isEmpty else { return nil }
                    if let fill, !fill.isNone {
                        guard let size else { throw run.failure("batch: the size must be a number") }
                        while Double(batch.count) < size {
                            try run.charge(MemoryLayout<Value>.stride)
                            batch.append(fill)
                        }
                    }
                    return try run.make(batch)
                })
        },
        "slice": { (value, arguments, run) throws(TemplateError) in
            let values = try arguments.bound(to: ["slices", "fill_with"], required: 1, for: "slice", run)
            let fill = values[1]
            let elements = try value.elements(run)
            let count = try values[0].integer(or: 0, "the number of slices", run)
            guard count != 0 else {
                return try run.generator(
                    "generator", depth: 0,
                    ClosureIterator { (run) throws(TemplateError) in
                        throw run.failure("division by zero")
                    })
            }
            let (size, longer) = elements.count.quotientAndRemainder(dividingBy: count)
            var (index, start) = (0, 0)
            return try run.generator(
                "generator", depth: value.depth + 1,
                ClosureIterator { (run) throws(TemplateError) in
                    guard index < count else { return nil }
                    let end = start + size + (index < longer ? 1 : 0)
                    var part = Array(elements[start..<end])
                    if let fill, !fill.isNone, index >= longer { part.append(fill) }
                    (index, start) = (index + 1, end)
                    return try run.make(part)
                })
        },
    ]

    private static func length(_ name: String) -> FilterBody {
        { (value, arguments, run) throws(TemplateError) in
            try arguments.expectNone(for: name, run)
            guard let length = try value.length(run) else {
                throw run.failure("object of type '\(value.typeName)' has no length")
            }
            return .int(length)
        }
    }

    private static func extreme(_ name: String) -> FilterBody {
        { (value, arguments, run) throws(TemplateError) in
            let values = try arguments.bound(to: ["case_sensitive", "attribute"], for: name, run)
            let isSensitive = try values[0].isTrue(or: false, run)
            let path = try run.attributePath(values[1])
            var best: (key: Value, value: Value)?
            let iterator = try value.iterator(run)
            while let element = try iterator.next(run) {
                try run.spend(1)
                let found = try path.value(of: element, run)
                let key = isSensitive ? found : found.caseFolded
                guard let current = best else {
                    best = (key, element)
                    continue
                }
                let isBetter =
                    name == "min"
                    ? try key.isLess(than: current.key, "<", run) : try current.key.isLess(than: key, "<", run)
                if isBetter { best = (key, element) }
            }
            return best?.value ?? Undefined.hint("no aggregated item, the sequence is empty")
        }
    }
}

extension Run {
    func generator(_ name: String, depth: Int, _ source: ValueIterator) throws(TemplateError) -> Value {
        try charge(128)
        return try checked(.object(Generator(name, depth: depth, source)))
    }

    /// The elements in reverse order. Throws for values that cannot be reversed.
    fileprivate func reversedElements(_ value: Value) throws(TemplateError) -> [Value] {
        switch value {
        case .string, .list, .tuple, .mapping, .undefined: return try value.elements(self).reversed()
        case .object(let object) where object is MappingView || object is RangeValue:
            return try value.elements(self).reversed()
        default: throw failure("'\(value.typeName)' object is not reversible")
        }
    }
}
