/// A token that is found in the text as it stands, before anything else is done to the text.
struct AddedToken: Sendable {
    let id: Int
    let content: [UInt8]
    /// Steers the model and is no text: may be left out when decoding, and not be recognised in untrusted text.
    var isSpecial = false
    /// Takes the spaces before it, or after it, with it.
    var stripsLeft = false
    var stripsRight = false
    /// Is found only where no letter, digit or mark touches it.
    var isSingleWord = false
    /// Is looked for in the normalised text.
    var isNormalized = false
}

/// A part of a text: a recognised added token, or what is between.
enum TextPart {
    case token(Int)
    case text(Range<Int>)
}
