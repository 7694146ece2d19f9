/// A test: returns a Boolean for its operand.
typealias TestBody = @Sendable (Value, Arguments, Run) throws(TemplateError) -> Bool

/// The tests of jinja2, written after `is`.
enum Checks {
    static let all: [String: TestBody] = kinds.merging(comparisons) { first, _ in first }

    private static func unary(_ name: String, _ body: @escaping @Sendable (Value) -> Bool) -> TestBody {
        { (value, arguments, run) throws(TemplateError) in
            try arguments.expectNone(for: name, run)
            return body(value)
        }
    }

    private static let kinds: [String: TestBody] = [
        "defined": unary("defined") { !$0.isUndefined },
        "undefined": unary("undefined") { $0.isUndefined },
        "none": unary("none") { $0.isNone },
        "boolean": unary("boolean") { if case .bool = $0 { true } else { false } },
        "true": unary("true") { if case .bool(true) = $0 { true } else { false } },
        "false": unary("false") { if case .bool(false) = $0 { true } else { false } },
        "integer": unary("integer") { if case .int = $0 { true } else { false } },
        "float": unary("float") { if case .float = $0 { true } else { false } },
        "number": unary("number") { $0.number != nil },
        "string": unary("string") { $0.text != nil },
        "mapping": unary("mapping") { if case .mapping = $0 { true } else { false } },
        "escaped": unary("escaped") { $0.text?.isMarkup ?? false },
        "callable": unary("callable") {
            switch $0 {
            case .undefined: true
            case .object(let object): object.isCallable
            default: false
            }
        },
        "sequence": unary("sequence") {
            switch $0 {
            case .undefined, .string, .list, .tuple, .mapping: true
            case .object(let object): object is RangeValue
            default: false
            }
        },
        "iterable": { (value, arguments, run) throws(TemplateError) in
            try arguments.expectNone(for: "iterable", run)
            switch value {
            case .undefined, .string, .list, .tuple, .mapping: return true
            case .object(let object): return try object.iterator(run) != nil
            case .none, .bool, .int, .float: return false
            }
        },
        "lower": { (value, arguments, run) throws(TemplateError) in
            try arguments.expectNone(for: "lower", run)
            return try value.printed(run).isLower
        },
        "upper": { (value, arguments, run) throws(TemplateError) in
            try arguments.expectNone(for: "upper", run)
            return try value.printed(run).isUpper
        },
        "filter": { (value, arguments, run) throws(TemplateError) in
            try arguments.expectNone(for: "filter", run)
            _ = try run.identity(of: value)
            return value.text.map { Filters.all[$0.string] != nil } ?? false
        },
        "test": { (value, arguments, run) throws(TemplateError) in
            try arguments.expectNone(for: "test", run)
            _ = try run.identity(of: value)
            return value.text.map { Checks.all[$0.string] != nil } ?? false
        },
    ]

    private static func comparing(_ name: String, _ comparator: Comparator) -> TestBody {
        { (value, arguments, run) throws(TemplateError) in
            let other = try arguments.bound(1...1, for: name, run)[0] ?? .none
            return try run.compare(value, comparator, other)
        }
    }

    private static let comparisons: [String: TestBody] = [
        "==": comparing("eq", .equal), "eq": comparing("eq", .equal), "equalto": comparing("eq", .equal),
        "!=": comparing("ne", .notEqual), "ne": comparing("ne", .notEqual),
        "<": comparing("lt", .less), "lt": comparing("lt", .less), "lessthan": comparing("lt", .less),
        "<=": comparing("le", .atMost), "le": comparing("le", .atMost),
        ">": comparing("gt", .greater), "gt": comparing("gt", .greater), "greaterthan": comparing("gt", .greater),
        ">=": comparing("ge", .atLeast), "ge": comparing("ge", .atLeast),
        "in": { (value, arguments, run) throws(TemplateError) in
            let sequence = try arguments.bound(to: ["seq"], required: 1, for: "in", run)[0] ?? .none
            return try run.compare(value, .isIn, sequence)
        },
        "odd": { (value, arguments, run) throws(TemplateError) in
            try arguments.expectNone(for: "odd", run)
            return try value.remainder(by: .int(2), run) == 1
        },
        "even": { (value, arguments, run) throws(TemplateError) in
            try arguments.expectNone(for: "even", run)
            return try value.remainder(by: .int(2), run) == 0
        },
        "divisibleby": { (value, arguments, run) throws(TemplateError) in
            let divisor = try arguments.bound(to: ["num"], required: 1, for: "divisibleby", run)[0] ?? .none
            return try value.remainder(by: divisor, run) == 0
        },
        "sameas": { (value, arguments, run) throws(TemplateError) in
            let other = try arguments.bound(to: ["other"], required: 1, for: "sameas", run)[0] ?? .none
            return value.isSame(as: other)
        },
    ]
}

extension Value {
    /// `self % divisor`, or nil if the result is not a number.
    fileprivate func remainder(by divisor: Value, _ run: Run) throws(TemplateError) -> Double? {
        try run.compute(.modulo, self, divisor).number
    }

    /// `self is other`. Numbers and strings are the same if they have one type and are equal.
    fileprivate func isSame(as other: Value) -> Bool {
        switch (self, other) {
        case (.none, .none): true
        case (.bool(let left), .bool(let right)): left == right
        case (.int(let left), .int(let right)): left == right
        case (.float(let left), .float(let right)): left == right
        case (.string(let left), .string(let right)): left == right
        case (.list(let left), .list(let right)), (.tuple(let left), .tuple(let right)): left === right
        case (.mapping(let left), .mapping(let right)): left === right
        case (.object(let left), .object(let right)): left === right
        case (.undefined(let left), .undefined(let right)): left === right
        default: false
        }
    }
}
