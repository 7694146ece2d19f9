import Decoding
import Hummingbird
import JSON

/// Turns a request's choices into a response, whole or as server-sent events.
struct AnswerResponse<Format: AnswerFormat>: Sendable {
    let stream: AnswerStream
    let frame: AnswerFrame<Format>
    let includesUsage: Bool

    /// One body, sent when all choices have ended. If the client disconnects, they end early.
    ///
    /// - Parameter request: the request's body, already read; it reports a disconnect.
    /// - Throws: `APIError` if the model failed.
    func whole(watching request: RequestBody) async throws -> Response {
        let records = try await request.consumeWithInboundCloseHandler { _ in
            var records = emptyRecords
            for await event in stream.events { try records[event.choice].take(event.event) }
            return records
        } onInboundClosed: {
            stream.cancel()
        }
        var response = try Response(json: frame.whole(records))
        // A watched connection cannot be kept alive.
        response.headers[.connection] = "close"
        return response
    }

    /// One event for each token as it comes. A choice's last event says why it ended, the stream's last one has the usage.
    /// If the client disconnects, the choices end early.
    ///
    /// - Parameter request: as in `whole`.
    func events(watching request: RequestBody) -> Response {
        Response(
            status: .ok,
            headers: [.contentType: "text/event-stream", .cacheControl: "no-cache", .connection: "close"],
            body: ResponseBody { writer in
                try await request.consumeWithInboundCloseHandler { _ in
                    try await write(to: &writer)
                } onInboundClosed: {
                    stream.cancel()
                }
                try await writer.finish(nil)
            })
    }

    private var emptyRecords: [ChoiceRecord] { stream.prompts.map { ChoiceRecord(prompt: $0) } }

    private func write(to writer: inout any ResponseBodyWriter) async throws {
        var records = emptyRecords
        do {
            for await event in stream.events {
                try records[event.choice].take(event.event)
                for body in events(of: event, records) { try await send(body, &writer) }
            }
            if includesUsage { try await send(frame.usageEvent(records), &writer) }
        } catch let error as APIError {
            try await send(error.body, &writer)
        }
        try await send(text: "[DONE]", &writer)
    }

    private func events(of event: ChoiceEvent, _ records: [ChoiceRecord]) -> [AnswerBody<Format.EventChoice>] {
        let (index, record) = (event.choice, records[event.choice])
        switch event.event {
        case .prompt, .failed: return []
        case .token(let token):
            let opening = record.tokens.count == 1 ? opening(record, index) : []
            return opening + [frame.event(frame.format.event(token, index: index))]
        case .finished(let summary):
            let isLast = records.allSatisfy { $0.summary != nil }
            let opening = record.tokens.isEmpty ? opening(record, index) : []
            let closing = frame.format.closing(summary, index: index)
            return opening + [frame.event(closing, usage: isLast ? Usage(records) : nil)]
        }
    }

    private func opening(_ record: ChoiceRecord, _ index: Int) -> [AnswerBody<Format.EventChoice>] {
        frame.format.opening(record, index: index).map { [frame.event($0)] } ?? []
    }

    private func send(_ body: some Encodable, _ writer: inout any ResponseBodyWriter) async throws {
        try await send(text: JSONValue(encoding: body).text, &writer)
    }

    private func send(text: String, _ writer: inout any ResponseBodyWriter) async throws {
        try await writer.write(ByteBuffer(string: "data: \(text)\n\n"))
    }
}
