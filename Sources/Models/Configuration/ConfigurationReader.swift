import JSON
import Weights

/// Reads checked values out of a configuration object.
///
/// `null` counts as absent, because Hugging Face writes it for unused fields.
struct ConfigurationReader {
    let fields: JSONObject
    /// The prefix of field names in messages: `rope_scaling.`, or empty.
    let prefix: String

    /// The exclusive upper bound of every count: the kernels number rows and columns in 31 bits.
    static let countLimit = 1 << 31

    init(_ configuration: JSONValue, prefix: String = "") throws(ConfigurationError) {
        guard let fields = configuration.objectValue else {
            throw .invalid(
                field: prefix.isEmpty ? "the whole file" : String(prefix.dropLast()), found: "\(configuration)",
                expected: "an object")
        }
        self.fields = fields
        self.prefix = prefix
    }

    func value(_ field: String) -> JSONValue? {
        guard let value = fields[field], !value.isNull else { return nil }
        return value
    }

    /// Reads a whole number in `range`.
    func count(
        _ field: String, in range: ClosedRange<Int> = 1...countLimit - 1
    ) throws(ConfigurationError) -> Int? {
        guard let value = value(field) else { return nil }
        guard let number = value.intValue, range.contains(number) else {
            throw invalid(field, value, "a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    func requiredCount(
        _ field: String, in range: ClosedRange<Int> = 1...countLimit - 1
    ) throws(ConfigurationError) -> Int {
        guard let number = try count(field, in: range) else { throw .missing(field: prefix + field) }
        return number
    }

    /// Reads a number that is finite and above 0 as a 32-bit float, which the arithmetic uses.
    func positiveNumber(_ field: String) throws(ConfigurationError) -> Double? {
        guard let value = value(field) else { return nil }
        guard let number = value.doubleValue, Float(number) > 0, Float(number).isFinite else {
            throw invalid(field, value, "a number above 0 that a 32-bit float can hold")
        }
        return number
    }

    func requiredPositiveNumber(_ field: String) throws(ConfigurationError) -> Double {
        guard let number = try positiveNumber(field) else { throw .missing(field: prefix + field) }
        return number
    }

    func truth(_ field: String) throws(ConfigurationError) -> Bool? {
        guard let value = value(field) else { return nil }
        guard let truth = value.boolValue else { throw invalid(field, value, "true or false") }
        return truth
    }

    func text(_ field: String) throws(ConfigurationError) -> String? {
        guard let value = value(field) else { return nil }
        guard let text = value.stringValue else { throw invalid(field, value, "a string") }
        return text
    }

    /// Reads one token id or a list of them.
    func tokens(_ field: String) throws(ConfigurationError) -> [Int] {
        guard let value = value(field) else { return [] }
        let elements = value.arrayValue ?? [value]
        let tokens = elements.compactMap(\.intValue).filter { (0..<Self.countLimit).contains($0) }
        guard tokens.count == elements.count else { throw invalid(field, value, "a token id or a list of token ids") }
        return tokens
    }

    func invalid(_ field: String, _ value: JSONValue, _ expected: String) -> ConfigurationError {
        .invalid(field: prefix + field, found: "\(value)", expected: expected)
    }

    func unsupported(_ field: String, _ remedy: String) -> ConfigurationError {
        .unsupported(field: prefix + field, value: fields[field].map { "\($0)" } ?? "", remedy: remedy)
    }
}
