/// A token matched in the text before normalisation and splitting.
struct AddedToken: Sendable {
    let id: Int
    let content: [UInt8]
    /// Whether this is a control token: decoding may skip it, and untrusted text must not produce it.
    var isSpecial = false
    /// Whether a match includes the white space before it, or after it.
    var stripsLeft = false
    var stripsRight = false
    /// Whether a match must not touch letters, digits or marks.
    var isSingleWord = false
    /// Whether to match in the normalised text.
    var isNormalized = false
}

/// A part of a text: an added token, or the text between two.
enum TextPart {
    case token(Int)
    case text(Range<Int>)
}
