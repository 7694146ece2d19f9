extension Filters {
    static let sorting: [String: FilterBody] = [
        "sort": { (value, arguments, run) throws(TemplateError) in
            let values = try arguments.bound(to: ["reverse", "case_sensitive", "attribute"], for: "sort", run)
            let isSensitive = try values[1].isTrue(or: false, run)
            let paths = try run.attributePaths(values[2])
            let reverse = try values[0].flatMap { $0.integer == nil ? nil : $0 }.isTrue(or: false, run)
            if let given = values[0], given.integer == nil {
                throw run.failure("sort: 'reverse' must be true or false")
            }
            let sorted = try run.sorted(try value.elements(run), reverse: reverse) { (element) throws(TemplateError) in
                var keys: [Value] = []
                for path in paths {
                    let key = try path.value(of: element, run)
                    keys.append(isSensitive ? key : key.caseFolded)
                }
                return try run.make(keys)
            }
            return try run.make(sorted)
        },
        "dictsort": { (value, arguments, run) throws(TemplateError) in
            let values = try arguments.bound(to: ["case_sensitive", "by", "reverse"], for: "dictsort", run)
            let isSensitive = try values[0].isTrue(or: false, run)
            let by = try values[1].text(or: "key", "'by'", run)
            guard by == "key" || by == "value" else {
                throw run.failure("you can only sort by either 'key' or 'value'")
            }
            guard case .mapping(let mapping) = value else {
                if case .undefined(let undefined) = value { throw run.failure(undefined.message) }
                throw run.failure("dictsort: takes a mapping, not \(value.typeName)")
            }
            try run.charge(mapping.count * 3 * MemoryLayout<Value>.stride)
            let pairs = MappingView(.items, of: mapping).elements
            let reverse = try values[2].isTrue(or: false, run)
            let sorted = try run.sorted(pairs, reverse: reverse) { (pair) throws(TemplateError) in
                let key = try pair.elements(run)[by == "key" ? 0 : 1]
                return isSensitive ? key : key.caseFolded
            }
            return try run.make(sorted)
        },
        "groupby": { (value, arguments, run) throws(TemplateError) in
            let names: [Text] = ["attribute", "default", "case_sensitive"]
            let values = try arguments.bound(to: names, required: 1, for: "groupby", run)
            let isSensitive = try values[2].isTrue(or: false, run)
            let path = try run.attributePath(values[0], fallback: values[1].isAbsent ? nil : values[1])
            let key = { (element: Value) throws(TemplateError) -> Value in
                let key = try path.value(of: element, run)
                return isSensitive ? key : key.caseFolded
            }
            var groups: [(key: Value, first: Value, elements: [Value])] = []
            for element in try run.sorted(try value.elements(run), by: key) {
                let found = try key(element)
                if let last = groups.last, try last.key.equals(found, run) {
                    groups[groups.count - 1].elements.append(element)
                } else {
                    groups.append((found, try path.value(of: element, run), [element]))
                }
            }
            var pairs: [Value] = []
            for group in groups {
                let list = try run.make(group.elements)
                pairs.append(.tuple(ListValue([group.first, list], isGroup: true)))
            }
            return try run.make(pairs)
        },
    ]
}
