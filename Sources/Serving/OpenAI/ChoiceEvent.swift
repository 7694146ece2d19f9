/// An event of one choice of a request.
struct ChoiceEvent: Sendable {
    let choice: Int
    let event: JobEvent
}

/// An event of a request's answer.
enum AnswerEvent: Sendable {
    case choice(ChoiceEvent)
    /// Some time has passed.
    case tick
}
