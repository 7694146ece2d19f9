import Decoding

/// How an endpoint writes choices: whole, and as events of a stream.
protocol AnswerFormat: Sendable {
    associatedtype Choice: Encodable & Sendable
    associatedtype EventChoice: Encodable & Sendable

    /// `object` of a whole answer.
    static var object: String { get }
    /// `object` of an event.
    static var eventObject: String { get }
    /// The beginning of every id.
    static var idPrefix: String { get }

    /// A whole choice.
    func choice(_ record: ChoiceRecord, index: Int) -> Choice
    /// The event before the first token; nil for none.
    func opening(_ record: ChoiceRecord, index: Int) -> EventChoice?
    /// The event of one token.
    func event(_ token: GeneratedToken, index: Int) -> EventChoice
    /// The event that says why the choice ended.
    func closing(_ summary: JobSummary, index: Int) -> EventChoice
}
