import Foundation

/// The functions that every template can call. A variable of the same name hides them.
enum Builtins {
    static let all: [String: Function.Body] = [
        "range": range,
        "namespace": namespace,
        "dict": { (arguments, run) throws(TemplateError) in
            try run.checked(.mapping(try run.mapping(of: arguments, for: "dict")))
        },
        "cycler": { (arguments, run) throws(TemplateError) in
            guard arguments.named.isEmpty, !arguments.positional.isEmpty else {
                throw run.failure("cycler() needs at least one item")
            }
            return try run.checked(.object(Cycler(arguments.positional)))
        },
        "joiner": { (arguments, run) throws(TemplateError) in
            .object(Joiner(try arguments.bound(to: ["sep"], for: "joiner", run)[0] ?? .string(", ")))
        },
        "raise_exception": { (arguments, run) throws(TemplateError) in
            let message = try arguments.bound(to: ["message"], required: 1, for: "raise_exception", run)[0] ?? .none
            throw .raised(line: run.line, message: try message.printed(run).string)
        },
        "strftime_now": { (arguments, run) throws(TemplateError) in
            let format = try arguments.bound(to: ["format"], required: 1, for: "strftime_now", run)[0]
            return try run.make(TimeFormat(run.now).text(try format.text("the format", run)))
        },
    ]

    /// Maximum length of a range, as in jinja2's sandbox.
    private static let longestRange = 100_000

    private static let range: Function.Body = { (arguments, run) throws(TemplateError) in
        let values = try arguments.bound(1...3, for: "range", run)
        var numbers: [Int] = []
        for case let value? in values {
            numbers.append(try Optional(value).integer(or: 0, "each argument of range()", run))
        }
        let (start, stop) = numbers.count == 1 ? (0, numbers[0]) : (numbers[0], numbers[1])
        let step = numbers.count == 3 ? numbers[2] : 1
        guard step != 0 else { throw run.failure("range() arg 3 must not be zero") }
        let isEmpty = step > 0 ? start >= stop : start <= stop
        let distance =
            start < stop ? stop.subtractingReportingOverflow(start) : start.subtractingReportingOverflow(stop)
        let count =
            isEmpty ? 0 : distance.overflow ? Int.max : Int((distance.partialValue.magnitude - 1) / step.magnitude) + 1
        guard count <= longestRange else { throw run.failure("range() has more than \(longestRange) values") }
        return .object(RangeValue(start: start, stop: stop, step: step, count: count))
    }

    private static let namespace: Function.Body = { (arguments, run) throws(TemplateError) in
        let attributes = try run.mapping(of: arguments, for: "namespace")
        for key in attributes.keys { if let name = key.text { try Namespace.check(name, run) } }
        let namespace = Namespace(attributes)
        try run.charge(256)
        run.keep(namespace)
        return .object(namespace)
    }
}

extension Run {
    /// Builds the mapping that `dict(…)` returns.
    fileprivate func mapping(of arguments: Arguments, for function: String) throws(TemplateError) -> MappingValue {
        guard arguments.positional.count <= 1 else {
            throw failure("\(function)() takes at most 1 argument, not \(arguments.positional.count)")
        }
        var result = MappingValue()
        if case .mapping(let mapping)? = arguments.positional.first {
            try charge(mapping.count * 4 * MemoryLayout<Value>.stride)
            result = mapping.copy()
        } else if let pairs = arguments.positional.first {
            for pair in try pairs.elements(self) {
                let parts = try pair.elements(self)
                guard parts.count == 2 else { throw failure("\(function)() takes pairs of key and value") }
                try charge(4 * MemoryLayout<Value>.stride)
                result.set(try identity(of: parts[0]), parts[0], parts[1])
            }
        }
        for (name, value) in arguments.named { result.set(name, value) }
        try charge(arguments.named.count * 4 * MemoryLayout<Value>.stride)
        _ = try checked(.mapping(result))
        return result
    }
}
