/// A whole answer, or one event of a stream.
struct AnswerBody<Choice: Encodable & Sendable>: Encodable, Sendable {
    let id: String
    let object: String
    let created: Int
    let model: String
    let mtd: String
    let choices: [Choice]
    /// nil in events before the last.
    let usage: Usage?
}
