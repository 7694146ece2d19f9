import Decoding
import Hummingbird
import JSON

/// Turns a request's choices into a response, whole or as server-sent events.
struct AnswerResponse<Format: AnswerFormat>: Sendable {
    let stream: AnswerStream
    let frame: AnswerFrame<Format>
    let client: Client
    let presence: ClientPresence
    let workers: Workers
    let includesUsage: Bool

    /// One body, sent when all choices have ended. If the client disconnects, they end early.
    ///
    /// A client that has stopped sending may wait or be gone. Only what is sent to it shows which: spaces, which JSON allows.
    ///
    /// - Throws: `APIError` if the model failed.
    func whole() async throws -> Response {
        var records = emptyRecords
        for await event in stream.events {
            switch event {
            case .choice(let event): try records[event.choice].take(event.event)
            case .tick: if presence.state == .silent { return afterSpaces(records) }
            }
        }
        // A cancelled stream ends early.
        try Task.checkCancellation()
        return Response(text: try await body(records), type: "application/json")
    }

    private func afterSpaces(_ records: [ChoiceRecord]) -> Response {
        Response(
            status: .ok, headers: [.contentType: "application/json"],
            body: ResponseBody { writer in
                var records = records
                for await event in stream.events {
                    switch event {
                    case .choice(let event): try records[event.choice].take(event.event)
                    case .tick: try await writer.write(ByteBuffer(string: " "))
                    }
                }
                try Task.checkCancellation()
                try await writer.write(ByteBuffer(string: body(records)))
                try await writer.finish(nil)
            })
    }

    private func body(_ records: [ChoiceRecord]) async throws -> String {
        let scores = records.reduce(0) { $0 + $1.promptLogprobs.count + $1.tokens.count }
        return try await text(weight: scores) { frame.whole(records) }
    }

    /// One event for each token as it comes. A choice's last event says why it ended, the stream's last one has the usage.
    /// While nothing comes, comments show that the server is there. If the client disconnects, the choices end early.
    func events() -> Response {
        Response(
            status: .ok, headers: [.contentType: "text/event-stream", .cacheControl: "no-cache"],
            body: ResponseBody { writer in
                try await write(to: &writer)
                try await writer.finish(nil)
            })
    }

    private var emptyRecords: [ChoiceRecord] { stream.prompts.map { ChoiceRecord(prompt: $0) } }

    private func write(to writer: inout any ResponseBodyWriter) async throws {
        var records = emptyRecords
        var quietTicks = 0
        do {
            for await event in stream.events {
                guard case .choice(let event) = event else {
                    quietTicks += 1
                    // A client that has stopped sending may be gone, which shows only when something is sent.
                    if presence.state == .silent || quietTicks.isMultiple(of: Self.ticksPerComment) {
                        try await writer.write(ByteBuffer(string: ": still there\n\n"))
                    }
                    continue
                }
                quietTicks = 0
                try records[event.choice].take(event.event)
                let record = records[event.choice]
                for body in events(of: event, records) {
                    let weight = record.tokens.count == 1 ? record.promptLogprobs.count : 0
                    try await send(text: text(weight: weight) { body }, &writer)
                }
            }
            try Task.checkCancellation()
            if includesUsage { try await send(frame.usageEvent(records), &writer) }
        } catch let error as APIError {
            try await send(error.body, &writer)
        }
        try await send(text: "[DONE]", &writer)
    }

    private static var ticksPerComment: Int { 10 }

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
            return opening + [frame.event(closing, usage: isLast && !includesUsage ? Usage(records) : nil)]
        }
    }

    private func opening(_ record: ChoiceRecord, _ index: Int) -> [AnswerBody<Format.EventChoice>] {
        frame.format.opening(record, index: index).map { [frame.event($0)] } ?? []
    }

    /// The JSON of a body; a large one is written away from the threads that serve connections.
    ///
    /// - Parameter weight: the number of tokens in the body, each of which may have logprobs.
    private func text<Body: Encodable & SendableMetatype>(
        weight: Int, _ body: @escaping @Sendable () -> Body
    ) async throws -> String {
        guard weight > Self.largeWeight else { return try JSONValue(encoding: body()).text }
        return try await workers.run(Workers.largeByteCount, for: client) { try JSONValue(encoding: body()).text }
    }

    private static var largeWeight: Int { 256 }

    private func send(_ body: some Encodable, _ writer: inout any ResponseBodyWriter) async throws {
        try await send(text: JSONValue(encoding: body).text, &writer)
    }

    private func send(text: String, _ writer: inout any ResponseBodyWriter) async throws {
        try await writer.write(ByteBuffer(string: "data: \(text)\n\n"))
    }
}
