/// A filter: returns a new value for its operand.
typealias FilterBody = @Sendable (Value, Arguments, Run) throws(TemplateError) -> Value

/// The filters of jinja2, with transformers' `tojson`. Each file in this directory adds the filters of one subject.
enum Filters {
    static let all: [String: FilterBody] = [
        texts, markup, wrapping, numbers, sequences, selecting, sorting, access,
    ].reduce(into: [:]) { all, some in all.merge(some) { first, _ in first } }

    /// Makes a text filter without arguments. Operands of other types are converted by `str` first.
    /// - Parameter keepsMark: whether a safe text stays marked as safe.
    static func unary(
        _ name: String, keepsMark: Bool = false, _ body: @escaping @Sendable (Text) -> Text
    ) -> FilterBody {
        { (value, arguments, run) throws(TemplateError) in
            try arguments.expectNone(for: name, run)
            let text = try value.printed(run)
            try run.scan(text)
            let result = body(text)
            return try run.make(keepsMark ? result.marked(text.isMarkup) : result)
        }
    }
}

extension Run {
    /// Applies the filter with this name.
    func filter(_ name: Value, _ value: Value, _ arguments: Arguments) throws(TemplateError) -> Value {
        guard let text = name.text, let body = Filters.all[text.string] else {
            throw failure("no filter named \(try name.representation(self).string)")
        }
        try scan(value)
        return try nested { () throws(TemplateError) in try body(value, arguments, self) }
    }

    /// Applies the test with this name.
    func test(_ name: Value, _ value: Value, _ arguments: Arguments) throws(TemplateError) -> Bool {
        guard let text = name.text, let body = Checks.all[text.string] else {
            throw failure("no test named \(try name.representation(self).string)")
        }
        try scan(value)
        return try body(value, arguments, self)
    }
}
