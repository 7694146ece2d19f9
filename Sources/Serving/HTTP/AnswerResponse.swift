import Decoding
import Hummingbird
import JSON

/// Turns a request's choices into a response, whole or as server-sent events.
struct AnswerResponse: Sendable {
    let stream: AnswerStream
    let frame: AnswerFrame
    let includesUsage: Bool

    /// Everything at once, when all choices have ended; a client that leaves ends them.
    ///
    /// - Parameter request: the request's body, which was read: it tells when the client leaves.
    /// - Throws: `APIError` where the model failed.
    func whole(watching request: RequestBody) async throws -> Response {
        let records = try await request.consumeWithInboundCloseHandler { _ in
            var records = emptyRecords
            for await event in stream.events { try records[event.choice].take(event.event) }
            return records
        } onInboundClosed: {
            stream.cancel()
        }
        var response = Response(json: frame.whole(records))
        // Who watches a connection must close it.
        response.headers[.connection] = "close"
        return response
    }

    /// One event a token, as it comes; the last one of a choice says why it ended, the very last the usage. A client that
    /// leaves ends them.
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
                for value in events(of: event, records) { try await send(value.text, &writer) }
            }
            if includesUsage { try await send(frame.usageEvent(records).text, &writer) }
        } catch let error as APIError {
            try await send(error.body.text, &writer)
        }
        try await send("[DONE]", &writer)
    }

    private func events(of event: ChoiceEvent, _ records: [ChoiceRecord]) -> [JSONValue] {
        let (index, record) = (event.choice, records[event.choice])
        switch event.event {
        case .prompt, .failed: return []
        case .token(let token):
            let opening = record.tokens.count == 1 ? opening(record, index) : []
            return opening + [frame.event(frame.format.event(token, record), index: index)]
        case .finished(let summary):
            let isLast = records.allSatisfy { $0.summary != nil }
            let opening = record.tokens.isEmpty ? opening(record, index) : []
            return opening + [
                frame.event(
                    frame.format.closing, index: index, summary: summary, usage: isLast ? frame.usage(records) : nil)
            ]
        }
    }

    private func opening(_ record: ChoiceRecord, _ index: Int) -> [JSONValue] {
        frame.format.opening(record).map { [frame.event($0, index: index)] } ?? []
    }

    private func send(_ data: String, _ writer: inout any ResponseBodyWriter) async throws {
        try await writer.write(ByteBuffer(string: "data: \(data)\n\n"))
    }
}
