/// An event of one choice of a request.
struct ChoiceEvent: Sendable {
    let choice: Int
    let event: JobEvent
}
