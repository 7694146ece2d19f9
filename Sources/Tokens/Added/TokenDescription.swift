import JSON

/// An added token as a file describes it, without the id that the tokenizer gives it.
struct TokenDescription: Sendable, Equatable {
    var content: [UInt8]
    var isSpecial = false
    var stripsLeft = false
    var stripsRight = false
    var isSingleWord = false
    /// Is looked for in the normalised text.
    var isNormalized = false

    /// A special token with no flags but that.
    init(special content: String) {
        self.content = Array(content.utf8)
        isSpecial = true
    }

    init(content: String, isSpecial: Bool) {
        self.content = Array(content.utf8)
        self.isSpecial = isSpecial
        isNormalized = !isSpecial
    }

    /// Takes a token written as an object; nil where that has no `content`. Without a flag of its own, a token that is not
    /// special is looked for in the normalised text.
    init?(_ node: JSONValue) {
        guard let content = node["content"]?.stringValue else { return nil }
        func flag(_ name: String) -> Bool { node[name]?.boolValue ?? false }
        self.init(content: content, isSpecial: flag("special"))
        stripsLeft = flag("lstrip")
        stripsRight = flag("rstrip")
        isSingleWord = flag("single_word")
        isNormalized = node["normalized"]?.boolValue ?? !isSpecial
    }

    /// Takes a special token written as its text or as an object; nil for anything else.
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
