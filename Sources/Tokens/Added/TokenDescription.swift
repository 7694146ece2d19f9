import JSON

/// An added token as a file describes it, without an id.
struct TokenDescription: Sendable, Equatable {
    var content: [UInt8]
    var isSpecial = false
    var stripsLeft = false
    var stripsRight = false
    var isSingleWord = false
    /// Whether to match in the normalised text.
    var isNormalized = false

    /// Creates a special token without other flags.
    init(special content: String) {
        self.content = Array(content.utf8)
        isSpecial = true
    }

    init(content: String, isSpecial: Bool) {
        self.content = Array(content.utf8)
        self.isSpecial = isSpecial
        isNormalized = !isSpecial
    }

    /// Parses a token written as an object; nil if it has no `content`. Unless the file says otherwise, tokens that are
    /// not special are matched in the normalised text.
    init?(_ node: JSONValue) {
        guard let content = node["content"]?.stringValue else { return nil }
        func flag(_ name: String) -> Bool { node[name]?.boolValue ?? false }
        self.init(content: content, isSpecial: flag("special"))
        stripsLeft = flag("lstrip")
        stripsRight = flag("rstrip")
        isSingleWord = flag("single_word")
        isNormalized = node["normalized"]?.boolValue ?? !isSpecial
    }

    /// Parses a special token written as a string or an object; nil for anything else.
    init?(special node: JSONValue) {
        if let text = node.stringValue {
            self.init(special: text)
        } else {
            self.init(node)
            isSpecial = true
        }
    }

    var text: String { String(decoding: content, as: UTF8.self) }

    func token(id: Int) -> AddedToken {
        AddedToken(
            id: id, content: content, isSpecial: isSpecial, stripsLeft: stripsLeft, stripsRight: stripsRight,
            isSingleWord: isSingleWord, isNormalized: isNormalized)
    }
}
