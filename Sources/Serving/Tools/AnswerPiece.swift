/// A part of an answer as it becomes known.
package enum AnswerPiece: Equatable {
    case reasoning(String)
    case content(String)
    /// A call of the tool of this name begins.
    case call(name: String)
    /// More of the last call's arguments, as JSON.
    case arguments(String)
}
