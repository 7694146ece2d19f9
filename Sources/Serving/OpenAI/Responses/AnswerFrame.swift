import Decoding
import Foundation

/// Surrounds the choices of one answer with what they share.
struct AnswerFrame<Format: AnswerFormat>: Sendable {
    let format: Format
    private let server: ServedModel
    private let mtd: String
    private let id: String
    /// When the request came, in seconds since 1970.
    private let created = Int(Date().timeIntervalSince1970)

    init(_ format: Format, _ server: ServedModel, plan: any DecodePlan) {
        self.format = format
        self.server = server
        mtd = plan.name
        id = Format.idPrefix + String(UInt64.random(in: .min ... .max), radix: 36)
    }

    func whole(_ records: [ChoiceRecord]) -> AnswerBody<Format.Choice> {
        let choices = records.enumerated().map { index, record in format.choice(record, index: index) }
        return body(Format.object, choices, Usage(records))
    }

    func event(_ choice: Format.EventChoice, usage: Usage? = nil) -> AnswerBody<Format.EventChoice> {
        body(Format.eventObject, [choice], usage)
    }

    /// The event that `stream_options` ask for.
    func usageEvent(_ records: [ChoiceRecord]) -> AnswerBody<Format.EventChoice> {
        body(Format.eventObject, [], Usage(records))
    }

    private func body<Choice: Encodable & Sendable>(_ object: String, _ choices: [Choice], _ usage: Usage?)
        -> AnswerBody<Choice>
    {
        AnswerBody(
            id: id, object: object, created: created, model: server.name, mtd: mtd, choices: choices,
            usage: usage)
    }
}
