import Foundation
import Serving
import Testing

/// Whatever a connection does, others are served and it ends.
struct ConnectionTests {
    private static func completion(_ tokens: Int, stream: Bool = false, choices: Int = 1) -> String {
        #"{"model":"volley-5m","prompt":"1","temperature":0,"ignore_eos":true,"max_tokens":\#(tokens),"#
            + #""stream":\#(stream),"n":\#(choices)}"#
    }

    private static let path = "/v1/completions"
    private static let cancelled = #"volley_jobs_total{end="cancelled"}"#

    private static func statuses(_ answer: String) -> [Int] {
        answer.components(separatedBy: "HTTP/1.1 ").dropFirst().compactMap { Int($0.prefix(3)) }
    }

    @Test("pipelined requests are answered in order, and the connection stays open for more")
    func pipelining() async throws {
        let server = try await RunningServer()
        let answer = try await RawClient(port: server.port).run(
            .send(
                RawClient.post(Self.path, Self.completion(30)) + RawClient.get("/health")
                    + RawClient.post(Self.path, "{")),
            .readTo("invalid_json"), .send(RawClient.get("/health", headers: ["Connection: close"])))
        #expect(Self.statuses(answer) == [200, 200, 400, 200])
        await server.stop()
    }

    @Test("a request that drips in is answered 408 when its time is over", arguments: [true, false])
    func dripping(isHead: Bool) async throws {
        let server = try await RunningServer {
            $0.connections.headSeconds = 1
            $0.connections.bodySeconds = 1
        }
        let begin =
            isHead
            ? "GET /health HTTP/1.1\r\nX: "
            : "POST \(Self.path) HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 999\r\n\r\n{"
        let drips = (0..<30).flatMap { _ in [RawClient.Step.pause(0.1), .send("a")] }
        let clock = ContinuousClock()
        let begun = clock.now
        let answer = try await RawClient(port: server.port).run([.send(begin)] + drips)
        #expect(Self.statuses(answer) == [408])
        #expect(clock.now - begun < .seconds(20))
        await server.stop()
    }

    @Test("a connection that sends nothing is closed")
    func idle() async throws {
        let server = try await RunningServer { $0.connections.idleSeconds = 1 }
        #expect(try await RawClient(port: server.port).run() == "")
        let answer = try await RawClient(port: server.port).run(.send(RawClient.get("/health")))
        #expect(Self.statuses(answer) == [200])
        await server.stop()
    }

    @Test("a client that closes its half of the connection gets its whole answer", arguments: [true, false])
    func halfClosed(isStreamed: Bool) async throws {
        let server = try await RunningServer()
        let answer = try await RawClient(port: server.port).run(
            .send(RawClient.post(Self.path, Self.completion(60, stream: isStreamed))), .closeHalf)
        #expect(Self.statuses(answer) == [200])
        #expect(answer.contains(isStreamed ? "[DONE]" : #""completion_tokens":60"#))
        #expect(server.metric(Self.cancelled) == 0)
        await server.stop()
    }

    @Test(
        "a client that leaves frees its seats, streaming or not, with another request behind or not",
        arguments: [(true, ""), (false, ""), (false, RawClient.get("/health"))])
    func leaving(isStreamed: Bool, behind: String) async throws {
        var limits = ServingLimits()
        limits.answerTokens = 1_000_000
        let server = try await RunningServer(limits)
        let request = RawClient.post(Self.path, Self.completion(1000, stream: isStreamed, choices: 16))
        _ = try await RawClient(port: server.port).run(.send(request + behind), .pause(0.3), .leave)
        try await server.wait(for: Self.cancelled, 16)
        #expect(server.metric(Self.cancelled) == 16)
        await server.stop()
    }

    @Test(
        "what is not HTTP gets 400 or 431, and the connection ends",
        arguments: [
            ("zz\r\n{}\r\n0\r\n\r\n", 400), ("2\r\n{}x\r\n0\r\n\r\n", 400), ("-1\r\n", 400), ("5\r\n{}", 400),
        ])
    func malformedChunks(_ body: String, status: Int) async throws {
        let server = try await RunningServer()
        let head =
            "POST \(Self.path) HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
        let answer = try await RawClient(port: server.port).run(.send(head + body), .closeHalf)
        #expect(Self.statuses(answer) == [status])
        #expect(answer.contains("malformed_request"))
        let large =
            "GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\nX: " + String(repeating: "a", count: 100_000) + "\r\n\r\n"
        #expect(Self.statuses(try await RawClient(port: server.port).run(.send(large))) == [431])
        await server.stop()
    }

    @Test("a client that asks before it sends is told to go on")
    func continuing() async throws {
        let server = try await RunningServer()
        let body = Self.completion(2)
        let request = RawClient.post(Self.path, body, headers: ["Expect: 100-continue", "Connection: close"])
        let answer = try await RawClient(port: server.port).run(
            .send(String(request.dropLast(body.count))), .readTo("100 Continue\r\n\r\n"), .send(body))
        #expect(Self.statuses(answer) == [100, 200])
        await server.stop()
    }

    @Test("an address with too many connections gets 503, and another address is served")
    func connectionsPerAddress() async throws {
        let server = try await RunningServer { $0.connections.countPerAddress = 3 }
        let held = (0..<3).map { _ in Task { try await RawClient(port: server.port).run(.pause(1.5), .leave) } }
        try await Task.sleep(for: .milliseconds(700))
        let request = RawClient.Step.send(RawClient.get("/health", headers: ["Connection: close"]))
        #expect(Self.statuses(try await RawClient(port: server.port).run(request)) == [503])
        #expect(Self.statuses(try await RawClient(port: server.port, source: "127.0.0.2").run(request)) == [200])
        for task in held { _ = try await task.value }
        try await Task.sleep(for: .milliseconds(100))
        #expect(Self.statuses(try await RawClient(port: server.port).run(request)) == [200])
        await server.stop()
    }

    @Test("a prompt with more bytes than its tokens could have is refused before it is read")
    func longPrompts() async throws {
        let server = try await RunningServer()
        let text = String(repeating: "1", count: 1_000_000)
        for (path, field) in [
            (Self.path, #""prompt":"\#(text)""#),
            ("/v1/chat/completions", #""messages":[{"role":"user","content":"\#(text)"}]"#),
        ] {
            let answer = try await RawClient(port: server.port).post(path, #"{"model":"volley-5m",\#(field)}"#)
            #expect(Self.statuses(answer) == [400])
            #expect(answer.contains("context_length_exceeded") && answer.contains("1000000 bytes"))
        }
        await server.stop()
    }
}
