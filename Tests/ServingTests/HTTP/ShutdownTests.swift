import Serving
import Testing

/// A server that is told to stop ends in bounded time, whoever is connected.
struct ShutdownTests {
    private static func stream(_ tokens: Int) -> String {
        RawClient.post(
            "/v1/completions",
            #"{"model":"volley-5m","prompt":"1","ignore_eos":true,"max_tokens":\#(tokens),"stream":true}"#)
    }

    @Test("idle, dripping, pipelining and silent clients do not hold it up; accepted requests are answered")
    func clients() async throws {
        let server = try await RunningServer { $0.connections.lastBodySeconds = 1 }
        let client = RawClient(port: server.port)
        let drips = (0..<200).flatMap { _ in [RawClient.Step.pause(0.05), .send("a")] }
        let body =
            "POST /v1/completions HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 999\r\n\r\n{"
        let odd: [[RawClient.Step]] = [
            [.pause(3)], [.send("GET /health HTT"), .pause(3)], [.send(body)] + drips,
            [.send(RawClient.get("/health")), .pause(3)],
        ]
        let held = odd.map { steps in Task { try await client.run(steps) } }
        let accepted = Task { try await client.run(.send(Self.stream(300) + RawClient.get("/health"))) }
        try await server.wait(for: "volley_batch_jobs", 1)
        try await Task.sleep(for: .milliseconds(200))
        #expect(await server.stop() < .seconds(20))
        #expect(try await accepted.value.contains("[DONE]"))
        for task in held { _ = try await task.value }
    }

    @Test("answers that take longer than the timeout are cut off")
    func timeout() async throws {
        var limits = ServingLimits()
        limits.answerTokens = 1_000_000
        let server = try await RunningServer(limits) { $0.shutdownTimeout = 1 }
        let clients = (0..<20).map { _ in
            Task { try await RawClient(port: server.port).run(.send(Self.stream(1000))) }
        }
        try await server.wait(for: "volley_batch_jobs", 8)
        #expect(await server.stop() < .seconds(8))
        var wholeCount = 0
        for client in clients where try await client.value.contains("[DONE]") { wholeCount += 1 }
        #expect(wholeCount < 20)
    }
}
