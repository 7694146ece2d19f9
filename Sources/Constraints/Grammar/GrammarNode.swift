/// A part of a grammar: the texts that it describes, as bytes.
indirect enum GrammarNode: Sendable {
    /// One byte of the set.
    case bytes(ByteSet)
    case sequence([GrammarNode])
    /// Any of the nodes; none for a part that no text has.
    case choice([GrammarNode])
    /// At least `minimum` and at most `maximum` times; nil for any number.
    case repetition(GrammarNode, minimum: Int, maximum: Int?)
    /// What the grammar's rule of this number describes.
    case rule(Int)

    static let empty = GrammarNode.sequence([])
    static let nothing = GrammarNode.choice([])

    /// The text itself.
    static func literal(_ text: String) -> GrammarNode {
        .sequence(text.utf8.map { .bytes(ByteSet($0)) })
    }

    static func optional(_ node: GrammarNode) -> GrammarNode { .choice([node, .empty]) }

    static func any(_ node: GrammarNode) -> GrammarNode { .repetition(node, minimum: 0, maximum: nil) }
}
