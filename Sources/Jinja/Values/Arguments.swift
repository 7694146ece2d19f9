/// The arguments of a call.
struct Arguments {
    var positional: [Value] = []
    var named: [(name: Text, value: Value)] = []

    /// Depth of the deepest value.
    var depth: Int { max(positional.reduce(0) { max($0, $1.depth) }, named.reduce(0) { max($0, $1.value.depth) }) }

    /// Binds the arguments to `parameters`, with nil for those not given.
    /// - Throws: where Python raises a `TypeError`: too many, too few, unknown or duplicate arguments.
    func bound(
        to parameters: [Text], required: Int = 0, for function: String, _ run: Run
    ) throws(TemplateError) -> [Value?] {
        guard positional.count <= parameters.count else {
            throw run.failure("\(function)() takes at most \(parameters.count) arguments, not \(positional.count)")
        }
        var values: [Value?] = positional
        values.append(contentsOf: repeatElement(nil, count: parameters.count - positional.count))
        for (name, value) in named {
            guard let index = parameters.firstIndex(of: name) else {
                throw run.failure("\(function)() got an unexpected keyword argument '\(name.string)'")
            }
            guard values[index] == nil else {
                throw run.failure("\(function)() got multiple values for argument '\(name.string)'")
            }
            values[index] = value
        }
        for index in 0..<required where values[index] == nil {
            throw run.failure("\(function)() is missing the argument '\(parameters[index].string)'")
        }
        return values
    }

    /// Binds the arguments of a function without named parameters.
    func bound(_ counts: ClosedRange<Int>, for function: String, _ run: Run) throws(TemplateError) -> [Value?] {
        guard named.isEmpty else { throw run.failure("\(function)() takes no keyword arguments") }
        guard counts.contains(positional.count) else {
            let expected =
                counts.lowerBound == counts.upperBound
                ? "\(counts.lowerBound)" : "\(counts.lowerBound) to \(counts.upperBound)"
            throw run.failure("\(function)() takes \(expected) arguments, not \(positional.count)")
        }
        return positional + repeatElement(nil, count: counts.upperBound - positional.count)
    }

    func expectNone(for function: String, _ run: Run) throws(TemplateError) {
        _ = try bound(0...0, for: function, run)
    }
}

extension Value? {
    /// The argument as an integer, or `fallback` if it is not given.
    func integer(or fallback: Int, _ name: String, _ run: Run) throws(TemplateError) -> Int {
        guard let self else { return fallback }
        guard let number = self.integer else {
            if case .undefined(let undefined) = self { throw run.failure(undefined.message) }
            throw run.failure("\(name) must be a whole number, not \(self.typeName)")
        }
        return number
    }

    /// The argument as a text, or `fallback` if it is not given.
    func text(or fallback: Text? = nil, _ name: String, _ run: Run) throws(TemplateError) -> Text {
        guard let self else {
            guard let fallback else { throw run.failure("\(name) is missing") }
            return fallback
        }
        guard let text = self.text else { throw run.failure("\(name) must be a string, not \(self.typeName)") }
        return text
    }

    /// The argument's truth value, or `fallback` if it is not given.
    func isTrue(or fallback: Bool, _ run: Run) throws(TemplateError) -> Bool {
        guard let self else { return fallback }
        return try self.isTrue(run)
    }

    /// Whether the argument is `None` or not given.
    var isAbsent: Bool { self?.isNone ?? true }
}
