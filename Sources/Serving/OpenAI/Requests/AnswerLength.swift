import JSON

/// How long an answer may be, as a request says it.
enum AnswerLength: Sendable, Equatable {
    /// The request does not say.
    case unnamed
    /// As long as the context and the server's limit allow: −1 or null.
    case rest
    case tokens(Int)

    /// Nil if the request does not have the field.
    init?<Key: CodingKey>(_ fields: KeyedDecodingContainer<Key>, _ key: Key) throws {
        guard fields.contains(key) else { return nil }
        switch try fields.count(key, in: -1 ... .max) {
        case nil, -1: self = .rest
        case let count?: self = .tokens(count)
        }
    }
}
