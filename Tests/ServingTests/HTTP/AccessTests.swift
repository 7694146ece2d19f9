import Foundation
import Logging
import Serving
import Synchronization
import Testing

/// Who may use a server, and what it tells of whom.
struct AccessTests {
    private static func statuses(_ answer: String) -> [Int] {
        answer.components(separatedBy: "HTTP/1.1 ").dropFirst().compactMap { Int($0.prefix(3)) }
    }

    private static let body = #"{"model":"volley-5m","prompt":"1","max_tokens":2,"temperature":0}"#

    @Test(
        "a server goes by addresses, localhost, the name it is bound to and those that are allowed",
        arguments: [
            ("127.0.0.1", true), ("127.0.0.1:8080", true), ("10.1.2.3:80", true), ("[::1]:8080", true),
            ("[fe80::1]", true),
            ("localhost", true), ("LOCALHOST:9", true), ("localhost.:9", true), ("app.localhost", true),
            ("box.lan:8080", true), ("ok.example", true), ("evil.example", false), ("evil.example:8080", false),
            ("127.0.0.1.evil.example", false), ("localhost.evil.example", false), ("256.1.1.1", false), ("", false),
            ("127.0.0.1@evil.example", false), ("notok.example", false), ("[evil]", false),
        ])
    func hosts(_ authority: String, isAllowed: Bool) {
        let sites = AllowedSites(bound: "box.lan", hosts: ["ok.example"])
        #expect(sites.allows(authority: authority) == isAllowed)
        #expect(AllowedSites(bound: "a", hosts: ["*"]).allows(authority: authority))
    }

    @Test(
        "the server's own page and allowed origins may use it, others may not",
        arguments: [
            ("http://127.0.0.1:8080", true), ("https://127.0.0.1:8080", true), ("http://ok.example", true),
            ("http://127.0.0.1:9000", false), ("http://evil.example", false), ("null", false), ("", false),
            ("http://ok.example.evil", false),
        ])
    func origins(_ origin: String, isAllowed: Bool) {
        let sites = AllowedSites(bound: "127.0.0.1", origins: ["http://ok.example"])
        #expect(sites.allows(origin: origin, authority: "127.0.0.1:8080") == isAllowed)
    }

    @Test("a request to another name, of another site's page, or of a type that needs no leave is refused before work")
    func browsers() async throws {
        let server = try await RunningServer { $0.allowedOrigins = ["http://ok.example"] }
        let client = RawClient(port: server.port)
        func post(_ type: String?, _ headers: String..., host: String = "127.0.0.1") async throws -> String {
            let lines = [
                "POST /v1/completions HTTP/1.1", "Host: \(host)", "Content-Length: \(Self.body.count)",
                "Connection: close",
            ]
            let head = (lines + (type.map { ["Content-Type: \($0)"] } ?? []) + headers).joined(separator: "\r\n")
            return try await client.run(.send(head + "\r\n\r\n" + Self.body))
        }
        #expect(Self.statuses(try await post("application/json", host: "evil.example")) == [403])
        #expect(Self.statuses(try await post("application/json", "Origin: http://evil.example")) == [403])
        for type in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", nil, "text/json"] {
            #expect(Self.statuses(try await post(type)) == [415])
        }
        #expect(server.metric(#"volley_jobs_total{end="finished"}"#) == 0)
        for type in ["application/json", "Application/JSON; charset=utf-8", "application/problem+json"] {
            #expect(Self.statuses(try await post(type)) == [200])
        }
        let allowed = try await post("application/json", "Origin: http://ok.example")
        #expect(Self.statuses(allowed) == [200])
        #expect(allowed.lowercased().contains("access-control-allow-origin: http://ok.example"))
        await server.stop()
    }

    @Test("an allowed origin may send the headers that it asks for; another gets no leave")
    func preflight() async throws {
        let server = try await RunningServer { $0.allowedOrigins = ["http://ok.example"] }
        func ask(_ origin: String) async throws -> String {
            try await RawClient(port: server.port).run(
                .send(
                    "OPTIONS /v1/completions HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nOrigin: \(origin)\r\n"
                        + "Access-Control-Request-Method: POST\r\nAccess-Control-Request-Headers: x-stainless-os,content-type\r\n\r\n"
                ))
        }
        let answer = try await ask("http://ok.example").lowercased()
        #expect(Self.statuses(answer.uppercased()) == [204])
        #expect(answer.contains("access-control-allow-headers: x-stainless-os,content-type"))
        let refusal = try await ask("http://evil.example")
        #expect(Self.statuses(refusal) == [403] && !refusal.lowercased().contains("access-control-allow"))
        await server.stop()
    }

    @Test("a key file: names, keys, limits and comments; what is none of it is named by its line")
    func keyFile() throws {
        let keys = try [APIKey](parsing: "# ours\nada  k1\n\nbob\tk2 6000 # a minute\n")
        #expect(keys == [APIKey(name: "ada", secret: "k1"), APIKey(name: "bob", secret: "k2", tokensPerMinute: 6000)])
        for (text, error) in [
            ("ada", APIKeyError.unreadable(line: 1)), ("ada k1\nbob k2 many", .unreadable(line: 2)),
            ("ada k1 0", .unreadable(line: 1)), ("ada k1 5 6", .unreadable(line: 1)),
            ("ada k1\nada k2", .twice(line: 2)),
            ("ada k1\nbob k1", .twice(line: 2)), ("# none", .none),
        ] {
            #expect(throws: error) { try [APIKey](parsing: text) }
        }
    }

    @Test("a key's tokens come back by the minute; more than are left make the next request wait")
    func allowance() {
        let key = APIKey(name: "ada", secret: "k", tokensPerMinute: 60)
        let ring = KeyRing([key, APIKey(name: "bob", secret: "k2")])
        let now = ContinuousClock.now
        #expect(ring.wait(of: key, at: now) == 0)
        ring.charge(90, to: key, at: now)
        #expect(abs(ring.wait(of: key, at: now) - 31) < 0.01)
        #expect(ring.wait(of: key, at: now + .seconds(20)) > 0)
        #expect(ring.wait(of: key, at: now + .seconds(32)) == 0)
        #expect(ring.key("k".utf8) == key && ring.key("k2".utf8)?.name == "bob")
        for wrong in ["", "k1", "kk", "K"] { #expect(ring.key(wrong.utf8) == nil) }
        ring.replace(by: [])
        #expect(ring.key("k".utf8) == nil)
    }

    @Test("keys open the model's endpoints, in either header; used-up ones get 429 and a time")
    func keys() async throws {
        let ring = KeyRing([APIKey(name: "ada", secret: "k1", tokensPerMinute: 2), APIKey(name: "bob", secret: "k2")])
        let server = try await RunningServer { $0.keys = ring }
        let client = RawClient(port: server.port)
        func post(_ header: String) async throws -> String {
            try await client.post("/v1/completions", Self.body, headers: [header])
        }
        #expect(Self.statuses(try await post("X: y")) == [401])
        #expect(Self.statuses(try await post("Authorization: Bearer k3")) == [401])
        #expect(Self.statuses(try await post("x-api-key: k2")) == [200])
        #expect(Self.statuses(try await post("Authorization: Bearer k1")) == [200])
        let refusal = try await post("Authorization: Bearer k1")
        #expect(Self.statuses(refusal) == [429] && refusal.lowercased().contains("retry-after: "))
        #expect(Self.statuses(try await post("Authorization: Bearer k2")) == [200])
        await server.stop()
    }

    @Test("the access log has a line for each request, with its id, key and counts, and no word of the prompt")
    func accessLog() async throws {
        let lines = Mutex<[Logger.Metadata]>([])
        let log = Logger(label: "access") { _ in MetadataLog { line in lines.withLock { $0.append(line) } } }
        let server = try await RunningServer {
            $0.accessLog = log
            $0.keys = KeyRing([APIKey(name: "ada", secret: "k1")])
        }
        let client = RawClient(port: server.port)
        let answer = try await client.post(
            "/v1/completions?secret=1", Self.body, headers: ["Authorization: Bearer k1", "x-request-id: mine-7"])
        #expect(answer.lowercased().contains("x-request-id: mine-7"))
        _ = try await client.run(
            .send("GET /none HTTP/1.1\r\nHost: 127.0.0.1\r\nx-request-id: a\u{1}b\r\nConnection: close\r\n\r\n"))
        for _ in 0..<500 where lines.withLock({ $0.count }) < 2 { try await Task.sleep(for: .milliseconds(10)) }
        let first = try #require(lines.withLock { $0.first })
        let expected = [
            "id": "mine-7", "key": "ada", "client": "127.0.0.1", "method": "POST", "path": "/v1/completions",
            "status": "200",
            "prompt_tokens": "1", "completion_tokens": "2", "whole": "true",
        ]
        for (name, value) in expected { #expect(first[name].map { "\($0)" } == value) }
        await server.stop()
    }

    @Test("health answers by any name, and readiness too until the server stops")
    func health() async throws {
        let server = try await RunningServer()
        for (path, word) in [("/health", "ok"), ("/ready", "ready")] {
            let answer = try await RawClient(port: server.port).run(
                .send("GET \(path) HTTP/1.1\r\nHost: any.example\r\nOrigin: http://a\r\nConnection: close\r\n\r\n"))
            #expect(Self.statuses(answer) == [200] && answer.contains("\"\(word)\""))
        }
        await server.stop()
    }

    @Test(
        "what one key's prompt left is nothing to another key's, and cached_tokens does not tell",
        arguments: [true, false])
    func prefixes(isShared: Bool) async throws {
        var limits = ServingLimits()
        limits.sharesPrefixes = isShared
        let server = try await RunningServer(limits, model: Fixture.quantised) {
            $0.keys = KeyRing([APIKey(name: "ada", secret: "k1"), APIKey(name: "bob", secret: "k2")])
        }
        let prompt = (10..<60).map(String.init).joined(separator: " ")
        var cached: [Bool] = []
        for key in ["k1", "k2", "k2"] {
            let answer = try await RawClient(port: server.port).post(
                "/v1/completions", #"{"model":"volley-5m-q8","prompt":"\#(prompt)","max_tokens":1}"#,
                headers: ["Authorization: Bearer \(key)"])
            cached.append(!answer.contains(#""cached_tokens":0"#))
        }
        #expect(cached == [false, isShared, true])
        await server.stop()
    }
}

/// Hands on what is logged.
private struct MetadataLog: LogHandler {
    let take: @Sendable (Logger.Metadata) -> Void
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.info

    init(_ take: @escaping @Sendable (Logger.Metadata) -> Void) { self.take = take }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) { take(event.metadata ?? [:]) }
}
