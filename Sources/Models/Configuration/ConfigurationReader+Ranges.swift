import JSON

/// The numbers that a field allows.
enum NumberRange {
    case temperature, share, positive, penalty

    func contains(_ number: Float) -> Bool {
        switch self {
        case .temperature: number >= 0
        case .share: (0...1).contains(number)
        case .positive: number > 0
        case .penalty: (-2...2).contains(number)
        }
    }

    var text: String {
        switch self {
        case .temperature: "0 or a positive number"
        case .share: "a number from 0 to 1"
        case .positive: "a positive number"
        case .penalty: "a number from -2 to 2"
        }
    }
}

extension ConfigurationReader {
    func number(_ field: String, in range: NumberRange) throws(ConfigurationError) -> Float? {
        guard let value = value(field) else { return nil }
        guard let number = value.doubleValue.map({ Float($0) }), number.isFinite, range.contains(number) else {
            throw invalid(field, value, range.text)
        }
        return number
    }

    /// Reads a whole number, also one written as 40.0.
    func wholeNumber(_ field: String, atLeast least: Int) throws(ConfigurationError) -> Int? {
        guard let value = value(field) else { return nil }
        guard let number = value.intValue ?? value.doubleValue.flatMap({ Int(exactly: $0) }),
            (least..<Self.countLimit).contains(number)
        else { throw invalid(field, value, "a whole number of at least \(least)") }
        return number
    }

    /// Reads a top-k; -1 and 0 both keep all tokens.
    func topK(_ field: String) throws(ConfigurationError) -> Int? {
        try wholeNumber(field, atLeast: -1).map { max($0, 0) }
    }
}
