/// A key that clients send, and who has it.
package struct APIKey: Sendable, Equatable {
    /// What the holder is called in the log; nil for the one key of a server that gave it no name.
    package let name: String?
    package let secret: String
    /// Most tokens of prompts and answers in a minute; nil for no limit.
    package let tokensPerMinute: Int?

    package init(name: String?, secret: String, tokensPerMinute: Int? = nil) {
        self.name = name
        self.secret = secret
        self.tokensPerMinute = tokensPerMinute
    }
}

extension [APIKey] {
    /// Reads a list of keys: a name, a key and perhaps a limit of tokens by minute on each line; `#` begins a comment.
    ///
    /// - Throws: `APIKeyError` for a line that is none of this, and for names or keys that come twice.
    package init(parsing text: String) throws(APIKeyError) {
        self = []
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let words = line.split(whereSeparator: \.isWhitespace).prefix { !$0.hasPrefix("#") }.map(String.init)
            if words.isEmpty { continue }
            let limit = words.count == 3 ? Int(words[2]) : nil
            guard words.count == 2 || (words.count == 3 && limit ?? 0 > 0) else { throw .unreadable(line: index + 1) }
            guard !contains(where: { $0.name == words[0] || $0.secret == words[1] }) else {
                throw .twice(line: index + 1)
            }
            append(APIKey(name: words[0], secret: words[1], tokensPerMinute: limit))
        }
        if isEmpty { throw .none }
    }
}

/// Why a list of keys cannot be used, in one sentence.
package enum APIKeyError: Error, Equatable, CustomStringConvertible {
    case unreadable(line: Int)
    case twice(line: Int)
    case none

    package var description: String {
        switch self {
        case .unreadable(let line):
            "line \(line) of the key file is no name, key and limit; write NAME KEY, or NAME KEY TOKENS-PER-MINUTE"
        case .twice(let line): "line \(line) of the key file has a name or key of a line before; give each once"
        case .none: "the key file has no keys; write NAME KEY on a line"
        }
    }
}
