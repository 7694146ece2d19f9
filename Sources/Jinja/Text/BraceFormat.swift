/// `str.format`: fields in braces, with the sandbox's rules for attributes and items.
struct BraceFormat {
    private let scalars: [Unicode.Scalar]
    private let isMarkup: Bool
    private let arguments: Arguments
    private let run: Run
    private var automaticIndex: Int? = 0
    private var hasAutomatic = false

    init(_ format: Text, _ arguments: Arguments, _ run: Run) throws(TemplateError) {
        try run.charge(format.utf8.count)
        (scalars, isMarkup) = (format.scalars, format.isMarkup)
        (self.arguments, self.run) = (arguments, run)
    }

    func text() throws(TemplateError) -> Text {
        var format = self
        return try format.filled(scalars[...], depth: 2)
    }

    private mutating func filled(_ scalars: ArraySlice<Unicode.Scalar>, depth: Int) throws(TemplateError) -> Text {
        guard depth >= 0 else { throw run.failure("max string recursion exceeded") }
        var (result, rest): ([UInt8], ArraySlice<Unicode.Scalar>) = ([], scalars)
        while let scalar = rest.popFirst() {
            switch scalar {
            case "{" where rest.first == "{", "}" where rest.first == "}":
                rest.removeFirst()
                result.append(scalar)
            case "{":
                guard let end = fieldEnd(rest) else { throw run.failure("expected '}' before end of string") }
                result.append(try field(rest[..<end], depth: depth))
                rest = rest[(end + 1)...]
            case "}": throw run.failure("single '}' encountered in format string")
            default: result.append(scalar)
            }
        }
        return Text(utf8: result)
    }

    private func fieldEnd(_ scalars: ArraySlice<Unicode.Scalar>) -> Int? {
        var depth = 1
        for index in scalars.indices {
            if scalars[index] == "{" { depth += 1 } else if scalars[index] == "}" { depth -= 1 }
            if depth == 0 { return index }
        }
        return nil
    }

    private mutating func field(_ scalars: ArraySlice<Unicode.Scalar>, depth: Int) throws(TemplateError) -> Text {
        let nameEnd = nameEnd(scalars)
        var value = try self.value(named: scalars[..<nameEnd])
        var rest = scalars[nameEnd...]
        if rest.first == "!" {
            rest.removeFirst()
            switch rest.popFirst() {
            case "r": value = .string(try value.representation(run))
            case "s": value = .string(try value.printed(run))
            case "a": value = .string(try PercentFormat("%a", run).text(with: .tuple([value])))
            default: throw run.failure("unknown conversion in a format field")
            }
            guard rest.isEmpty || rest.first == ":" else {
                throw run.failure("expected ':' after conversion specifier")
            }
        }
        _ = rest.popFirst()
        let specification = try filled(rest, depth: depth - 1)
        if isMarkup, let text = value.text, text.isMarkup {
            guard specification.isEmpty else { throw run.failure("unsupported format specification for Markup") }
            return text
        }
        let text = try FormatSpecification(specification, run).text(of: value)
        return isMarkup ? try run.escaped(text.marked(false)) : text
    }

    private func nameEnd(_ scalars: ArraySlice<Unicode.Scalar>) -> Int {
        var isInBrackets = false
        for index in scalars.indices {
            switch scalars[index] {
            case "[": isInBrackets = true
            case "]": isInBrackets = false
            case "!" where !isInBrackets, ":" where !isInBrackets: return index
            default: break
            }
        }
        return scalars.endIndex
    }

    /// The argument that a field names, followed through its attributes and items.
    private mutating func value(named name: ArraySlice<Unicode.Scalar>) throws(TemplateError) -> Value {
        let first = name.prefix { $0 != "." && $0 != "[" }
        var value = try argument(Text(first))
        var rest = name[first.endIndex...]
        while let mark = rest.popFirst() {
            if mark == "." {
                let attribute = rest.prefix { $0 != "." && $0 != "[" }
                guard !attribute.isEmpty else { throw run.failure("empty attribute in format string") }
                value = try value.attributeOrItem(Text(attribute), run)
                rest = rest[attribute.endIndex...]
            } else {
                guard mark == "[", let end = rest.firstIndex(of: "]"), end > rest.startIndex else {
                    throw run.failure("bad subscript in format string")
                }
                let key = Text(rest[..<end])
                value = try value.itemOrAttribute(Int(key.string).map { .int($0) } ?? .string(key), run)
                rest = rest[(end + 1)...]
            }
        }
        return value
    }

    private mutating func argument(_ name: Text) throws(TemplateError) -> Value {
        var index = Int(name.string)
        if name.isEmpty {
            guard let automatic = automaticIndex else {
                throw run.failure("cannot switch from manual field specification to automatic field numbering")
            }
            (index, automaticIndex, hasAutomatic) = (automatic, automatic + 1, true)
        } else if index != nil {
            guard !hasAutomatic else {
                throw run.failure("cannot switch from automatic field numbering to manual field specification")
            }
            automaticIndex = nil
        }
        if let index {
            guard arguments.positional.indices.contains(index) else {
                throw run.failure("replacement index \(index) out of range")
            }
            return arguments.positional[index]
        }
        guard let argument = arguments.named.last(where: { $0.name == name }) else {
            throw run.failure("the format names '\(name.string)', which is not given")
        }
        return argument.value
    }
}
