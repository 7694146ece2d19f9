import Decoding
import Hummingbird
import JSON
import NIOCore
import Tokens

/// The endpoints that need the API key.
struct ModelRoutes: Sendable {
    let served: ServedModel
    let queue: AdmissionQueue
    let metrics: ServingMetrics

    func add(to router: RouterGroup<BasicRequestContext>) {
        router.get("metrics") { _, _ in Response(text: metrics.text, type: "text/plain; version=0.0.4") }
        router.get("v1/models") { _, _ in try Response(json: ModelList(data: [ModelDescription(served)])) }
        router.get("v1/models/:name") { _, context in
            let name = context.parameters.get("name") ?? ""
            guard name == served.name else { throw served.unknownModel(name) }
            return try Response(json: ModelDescription(served))
        }
        router.post("v1/completions") { request, _ in try await completion(request) }
        router.post("v1/chat/completions") { request, _ in try await chat(request) }
        router.post("tokenize") { request, _ in
            var request = request
            return try tokenize(try await body(of: &request))
        }
        router.post("detokenize") { request, _ in
            var request = request
            return try detokenize(try await body(of: &request))
        }
    }

    private func completion(_ request: Request) async throws -> Response {
        var request = request
        let body = try await body(of: &request)
        let asked = try CompletionRequest(from: JSONValueDecoder(body: body), configuration: served)
        let options = try served.options(
            for: asked.answer, length: asked.answer.maximumTokens, defaultLength: 16, logprobCount: asked.logprobCount)
        let prompts = try asked.prompts.map(served.tokens)
        let format = CompletionFormat(
            tokenizer: served.model.tokenizer, echoes: asked.echoes, logprobCount: asked.logprobCount)
        return try await respond(
            to: request, asked.answer, prompts, options, scoresPrompt: asked.echoes, as: format)
    }

    private func chat(_ request: Request) async throws -> Response {
        var request = request
        let body = try await body(of: &request)
        let asked = try ChatCompletionRequest(from: JSONValueDecoder(body: body), configuration: served)
        let options = try served.options(
            for: asked.answer, length: asked.maximumCompletionTokens ?? asked.answer.maximumTokens,
            defaultLength: .max, logprobCount: asked.logprobCount)
        let prompt = try served.tokens(of: asked.prompt)
        let format = ChatFormat(tokenizer: served.model.tokenizer, logprobCount: asked.logprobCount)
        return try await respond(to: request, asked.answer, [prompt], options, scoresPrompt: false, as: format)
    }

    private func respond(
        to request: Request, _ asked: AnswerRequest, _ prompts: [[Int]], _ options: GenerationOptions,
        scoresPrompt: Bool, as format: some AnswerFormat
    ) async throws -> Response {
        try served.check(prompts: prompts, choicesOfEach: asked.choiceCount)
        let stream = try AnswerStream(
            prompts, choiceCount: asked.choiceCount, plan: asked.plan, options: options, scoresPrompt: scoresPrompt,
            queue: queue)
        let response = AnswerResponse(
            stream: stream, frame: AnswerFrame(format, served, plan: asked.plan), includesUsage: asked.includesUsage)
        return asked.isStreamed
            ? response.events(watching: request.body) : try await response.whole(watching: request.body)
    }

    private func tokenize(_ body: [UInt8]) throws -> Response {
        let asked = try TokenizeRequest(from: JSONValueDecoder(body: body))
        let tokens = try served.tokenizer().encode(asked.content, addSpecial: asked.addsSpecial)
        return try Response(json: TokenizeBody(tokens: tokens))
    }

    private func detokenize(_ body: [UInt8]) throws -> Response {
        let asked = try DetokenizeRequest(from: JSONValueDecoder(body: body))
        return try Response(
            json: DetokenizeBody(content: try served.tokenizer().decode(asked.tokens, skipSpecial: false)))
    }

    /// Reads a request's body, and puts it back, so that `AnswerResponse` can watch the connection through it.
    ///
    /// A body that is too large is still read to its end, because many clients only then look for the answer. A client that
    /// asked first (`Expect: 100-continue`) need not send it.
    private func body(of request: inout Request) async throws -> [UInt8] {
        let limit = served.limits.bodyByteCount
        let announced = request.headers[.contentLength].flatMap { Int($0) } ?? 0
        let tooLarge = APIError(
            status: .contentTooLarge, message: "the body is larger than \(limit) bytes; send less",
            code: "body_too_large")
        guard announced <= limit || request.headers[.expect] == nil else { throw tooLarge }
        var bytes: [UInt8] = []
        var count = 0
        for try await buffer in request.body {
            count += buffer.readableBytes
            if count <= limit { bytes += buffer.readableBytesView }
        }
        guard count <= limit else { throw tooLarge }
        request.body = RequestBody(buffer: ByteBuffer(bytes: bytes))
        return bytes
    }
}
