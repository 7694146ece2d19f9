extension Filters {
    static let selecting: [String: FilterBody] = [
        "map": map,
        "select": { (value, arguments, run) throws(TemplateError) in
            try select(value, arguments, keeps: true, byAttribute: false, run)
        },
        "reject": { (value, arguments, run) throws(TemplateError) in
            try select(value, arguments, keeps: false, byAttribute: false, run)
        },
        "selectattr": { (value, arguments, run) throws(TemplateError) in
            try select(value, arguments, keeps: true, byAttribute: true, run)
        },
        "rejectattr": { (value, arguments, run) throws(TemplateError) in
            try select(value, arguments, keeps: false, byAttribute: true, run)
        },
    ]

    /// Makes a generator that creates its source and checks its arguments when the first value is requested.
    private static func lazy(
        over value: Value, _ arguments: Arguments, _ run: Run,
        _ prepare: @escaping (Run) throws(TemplateError) -> (Value) throws(TemplateError) -> Value?
    ) throws(TemplateError) -> Value {
        var state: (source: ValueIterator, step: (Value) throws(TemplateError) -> Value?)?
        var isDone = false
        let depth = max(value.depth, arguments.depth)
        return try run.generator(
            "generator", depth: depth,
            ClosureIterator { (run) throws(TemplateError) in
                if isDone { return nil }
                if state == nil {
                    guard try value.isTrue(run) else {
                        isDone = true
                        return nil
                    }
                    state = (try value.iterator(run), try prepare(run))
                }
                while let state, let element = try state.source.next(run) {
                    try run.spend(1)
                    if let result = try state.step(element) { return result }
                }
                isDone = true
                return nil
            })
    }

    private static let map: FilterBody = { (value, arguments, run) throws(TemplateError) in
        try lazy(over: value, arguments, run) { (run) throws(TemplateError) in
            if arguments.positional.isEmpty, arguments.named.contains(where: { $0.name == "attribute" }) {
                let values = try arguments.bound(to: ["attribute", "default"], for: "map", run)
                let fallback = values[1].isAbsent ? nil : values[1]
                let path = try run.attributePath(values[0], fallback: fallback)
                return { (element) throws(TemplateError) in try path.value(of: element, run) }
            }
            guard let name = arguments.positional.first else { throw run.failure("map requires a filter argument") }
            var rest = arguments
            rest.positional.removeFirst()
            return { (element) throws(TemplateError) in try run.filter(name, element, rest) }
        }
    }

    private static func select(
        _ value: Value, _ arguments: Arguments, keeps: Bool, byAttribute: Bool, _ run: Run
    ) throws(TemplateError) -> Value {
        try lazy(over: value, arguments, run) { (run) throws(TemplateError) in
            var rest = arguments
            var path = AttributePath([])
            if byAttribute {
                guard let attribute = rest.positional.first else {
                    throw run.failure("missing parameter for attribute name")
                }
                path = try run.attributePath(attribute)
                rest.positional.removeFirst()
            }
            guard let name = rest.positional.first else {
                return { (element) throws(TemplateError) in
                    try path.value(of: element, run).isTrue(run) == keeps ? element : nil
                }
            }
            rest.positional.removeFirst()
            return { (element) throws(TemplateError) in
                try run.test(name, try path.value(of: element, run), rest) == keeps ? element : nil
            }
        }
    }
}
