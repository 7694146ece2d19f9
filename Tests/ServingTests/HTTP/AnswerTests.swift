import Foundation
import JSON
import Serving
import TestSupport
import Testing

/// Answers say what happened, and requests may say more than the server knows.
struct AnswerTests {
    private static func server(_ limits: ServingLimits = ServingLimits()) async throws -> RunningServer {
        try await RunningServer(limits)
    }

    /// The head and the JSON of an answer.
    private static func post(
        _ server: RunningServer, _ path: String, _ fields: String, model: String = "volley-5m"
    ) async throws -> (status: String, head: String, body: JSONValue) {
        let answer = try await RawClient(port: server.port).post(path, #"{"model":"\#(model)",\#(fields)}"#)
        let end = try #require(answer.range(of: "\r\n\r\n"))
        let head = String(answer[..<end.lowerBound])
        return (
            String(head.dropFirst(9).prefix(3)), head,
            try JSONValue(parsing: Array(answer[end.upperBound...].utf8), limits: .configuration)
        )
    }

    private static let completion = "/v1/completions"

    @Test("a stream has its usage once, in the last event")
    func usage() async throws {
        let server = try await Self.server()
        for options in ["", #","stream_options":{"include_usage":true}"#] {
            let text = try await RawClient(port: server.port).post(
                "/v1/chat/completions",
                #"{"model":"volley-5m","messages":[{"role":"user","content":"1"}],"max_tokens":3,"stream":true\#(options)}"#
            )
            let events = text.components(separatedBy: "data: ").dropFirst().filter { $0.hasPrefix("{") }
            #expect(events.filter { $0.contains(#""usage":{"#) }.count == 1)
            #expect(events.last?.contains(#""usage":{"#) == true)
        }
        await server.stop()
    }

    @Test("an answer is created when it is asked for")
    func created() async throws {
        let server = try await Self.server()
        try await Task.sleep(for: .seconds(1.1))
        let begun = Int(Date().timeIntervalSince1970)
        let answer = try await Self.post(server, Self.completion, #""prompt":"1","max_tokens":1"#)
        #expect((answer.body["created"]?.intValue ?? 0) >= begun)
        await server.stop()
    }

    @Test("ids that are no tokens are not detokenized")
    func detokenize() async throws {
        let server = try await Self.server()
        for (tokens, status) in [("[1,99999999]", "400"), ("[-1]", "400"), ("[20,21]", "200"), ("[]", "200")] {
            #expect(try await Self.post(server, "/detokenize", #""tokens":\#(tokens)"#).status == status)
        }
        await server.stop()
    }

    @Test("an answer that the last message begins is continued")
    func continued() async throws {
        let server = try await Self.server()
        func promptTokens(_ messages: String, _ more: String = "") async throws -> Int {
            let fields = #""messages":[\#(messages)],"max_tokens":1"# + more
            let answer = try await Self.post(server, "/v1/chat/completions", fields)
            return answer.body["usage"]?["prompt_tokens"]?.intValue ?? -1
        }
        let (user, begun) = (#"{"role":"user","content":"1 2"}"#, #"{"role":"assistant","content":"3"}"#)
        let (asked, continued) = (try await promptTokens(user), try await promptTokens(user + "," + begun))
        // One digit more than where the answer begins, and no end of turn.
        #expect(continued == asked + 1)
        #expect(try await promptTokens(user + "," + begun, #","add_generation_prompt":true"#) > continued)
        await server.stop()
    }

    @Test("unknown fields are ignored and named; a strict server refuses them", arguments: [false, true])
    func unknownFields(isStrict: Bool) async throws {
        var limits = ServingLimits()
        limits.isStrict = isStrict
        let server = try await Self.server(limits)
        let fields = [
            #""colour":"red""#, #""stream_options":{"chunk":true}"#,
            #""messages":[{"role":"user","content":"1","cache_control":{"a":1}}]"#,
        ]
        for (field, name) in zip(fields, ["colour", "stream_options.chunk", "messages[0].cache_control"]) {
            let messages = field.contains("messages") ? "" : #","messages":[{"role":"user","content":"1"}]"#
            let answer = try await Self.post(server, "/v1/chat/completions", field + messages + #","max_tokens":1"#)
            #expect(answer.status == (isStrict ? "400" : "200"))
            if !isStrict { #expect(answer.head.contains("x-volley-ignored-fields: \(name)")) }
        }
        await server.stop()
    }

    @Test("fields that would change the answer and are not implemented stay refused")
    func refusedFields() async throws {
        let server = try await Self.server()
        let answer = try await Self.post(server, Self.completion, #""prompt":"1","suffix":"2""#)
        #expect(answer.status == "400" && answer.body["error"]?["code"] == "unsupported_field")
        await server.stop()
    }

    @Test(
        "a length above the limit is the limit; -1 and null are what the context holds",
        arguments: [("4096", 12), ("-1", 12), ("null", 12), ("1000000000000", 12), ("5", 5), ("0", 0)])
    func lengths(_ length: String, tokens: Int) async throws {
        var limits = ServingLimits()
        limits.answerTokens = 12
        let server = try await Self.server(limits)
        for name in ["max_tokens", "n_predict"] {
            let answer = try await Self.post(
                server, Self.completion, #""prompt":"1","ignore_eos":true,"\#(name)":\#(length)"#)
            #expect(answer.body["usage"]?["completion_tokens"]?.intValue == tokens)
        }
        await server.stop()
    }

    @Test("a model is meant by its name with or without owner, ending and tag, or by none")
    func names() async throws {
        let server = try await Self.server()
        for (name, status) in [
            ("volley-5m", "200"), ("", "200"), ("Volley-5M", "200"), ("volley-5m.gguf", "200"), ("me/volley-5m", "200"),
            ("volley-5m:latest", "200"), ("volley-5", "404"), ("gpt-4", "404"),
        ] {
            let answer = try await Self.post(server, Self.completion, #""prompt":"1","max_tokens":1"#, model: name)
            #expect(answer.status == status)
        }
        await server.stop()
    }

    @Test("aliases of common clients mean what they mean there")
    func aliases() async throws {
        let server = try await Self.server()
        func text(_ fields: String) async throws -> String? {
            let answer = try await Self.post(
                server, Self.completion,
                #""prompt":"Sort this list: 38 58 10","temperature":0,"max_tokens":12,\#(fields)"#)
            #expect(!answer.head.contains("ignored"))
            return answer.body["choices"]?.arrayValue?.first?["text"]?.stringValue
        }
        let plain = try await text(#""cache_prompt":true,"top_k":-1"#)
        #expect(plain != nil)
        #expect(try await text(#""repeat_penalty":3"#) == text(#""repetition_penalty":3"#))
        #expect(try await text(#""repeat_penalty":3"#) != plain)
        await server.stop()
    }

    @Test("logit_bias rules tokens out and in, and refuses what is none")
    func logitBias() async throws {
        let server = try await Self.server()
        func answer(_ bias: String) async throws -> (status: String, head: String, body: JSONValue) {
            try await Self.post(
                server, Self.completion,
                #""prompt":"1","temperature":0,"max_tokens":4,"ignore_eos":true,"logit_bias":\#(bias)"#)
        }
        func tokens(_ bias: String) async throws -> [Int] {
            let body = try await answer(bias).body
            return body["choices"]?.arrayValue?.first?["token_ids"]?.arrayValue?.compactMap(\.intValue) ?? []
        }
        let first = try #require(try await tokens("{}").first)
        #expect(try await !tokens(#"{"\#(first)":-100}"#).contains(first))
        #expect(try await tokens(#"{"40":100}"#) == [40, 40, 40, 40])
        for wrong in [#"{"40":101}"#, #"{"a":1}"#, #"{"99999999":1}"#, "[1]", #"{"4":"x"}"#] {
            #expect(try await answer(wrong).status == "400")
        }
        await server.stop()
    }
}
