import Decoding
import Hummingbird
import JSON
import Models
import NIOCore
import Tokens

/// What the model is asked for.
struct ModelRoutes: Sendable {
    let served: ServedModel
    let queue: AdmissionQueue
    let metrics: ServingMetrics

    func add(to router: RouterGroup<BasicRequestContext>) {
        router.get("metrics") { _, _ in Response(text: metrics.text, type: "text/plain; version=0.0.4") }
        router.get("v1/models") { _, _ in Response(json: ["object": "list", "data": [model]]) }
        router.get("v1/models/:name") { _, context in
            let name = context.parameters.get("name") ?? ""
            guard name == served.name else {
                throw APIError(
                    status: .notFound, message: "there is no model \(quoted(name)) here; give \(quoted(served.name))",
                    code: "model_not_found")
            }
            return Response(json: model)
        }
        router.post("v1/completions") { request, _ in
            try await answer(request) { body throws(APIError) in try completion(body) }
        }
        router.post("v1/chat/completions") { request, _ in
            try await answer(request) { body throws(APIError) in try chat(body) }
        }
        router.post("tokenize") { request, _ in
            var request = request
            return try tokenize(try await body(of: &request))
        }
        router.post("detokenize") { request, _ in
            var request = request
            return try detokenize(try await body(of: &request))
        }
    }

    private var model: JSONValue {
        let configuration = served.model.stack.configuration
        return [
            "id": .string(served.name), "object": "model", "created": .int(served.created), "owned_by": "volley",
            "context_length": .int(configuration.contextLength), "mtd": .string(served.plan.name),
            "mtd_trained": configuration.trainedFactor.map { .int($0) } ?? .null,
            "mtd_largest": .int(served.largestFactor),
            "has_chat": .bool(served.model.tokenizer?.hasChatTemplate ?? false),
            "largest_answer": .int(served.limits.answerTokens), "sampling": .object(sampling),
        ]
    }

    /// The model's own defaults, for requests that name nothing; empty where its makers recommend nothing.
    private var sampling: JSONObject {
        let defaults = served.model.generationDefaults
        guard defaults.temperature != nil else { return [:] }
        var fields = JSONObject()
        for entry in SamplingSummary(defaults).entries {
            fields[entry.name] = Int(exactly: entry.value).map { .int($0) } ?? .double(entry.value)
        }
        return fields
    }

    // MARK: Answers

    private func completion(_ body: [UInt8]) throws(APIError) -> (AnswerResponse, isStreamed: Bool) {
        let request = try CompletionRequest(body, served)
        let stream = try AnswerStream(
            request.prompts, request.answer, logprobCount: request.logprobCount, scoresPrompt: request.echoes,
            queue: queue)
        let format = CompletionFormat(
            tokenizer: served.model.tokenizer, echoes: request.echoes, logprobCount: request.logprobCount)
        return (response(stream, format, request.answer), request.answer.isStreamed)
    }

    private func chat(_ body: [UInt8]) throws(APIError) -> (AnswerResponse, isStreamed: Bool) {
        let request = try ChatRequest(body, served)
        let stream = try AnswerStream(
            [request.prompt], request.answer, logprobCount: request.logprobCount, scoresPrompt: false, queue: queue)
        let format = ChatFormat(tokenizer: served.model.tokenizer, logprobCount: request.logprobCount)
        return (response(stream, format, request.answer), request.answer.isStreamed)
    }

    private func response(_ stream: AnswerStream, _ format: any AnswerFormat, _ answer: AnswerFields) -> AnswerResponse
    {
        AnswerResponse(
            stream: stream, frame: AnswerFrame(format, served, plan: answer.plan), includesUsage: answer.includesUsage)
    }

    private func answer(
        _ request: Request,
        _ begin: @Sendable ([UInt8]) throws(APIError) -> (AnswerResponse, isStreamed: Bool)
    ) async throws -> Response {
        var request = request
        let (answer, isStreamed) = try begin(try await body(of: &request))
        return isStreamed ? answer.events(watching: request.body) : try await answer.whole(watching: request.body)
    }

    /// Reads a request's body and leaves it in its place, from where on the connection can be watched.
    ///
    /// One that is too large is read to its end all the same, since many clients look for the answer only then; who asked
    /// first need not send it.
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

    // MARK: Tokens

    private func tokenize(_ body: [UInt8]) throws(APIError) -> Response {
        var fields = try RequestFields(body)
        let addsSpecial = try fields.truth("add_special") ?? false
        guard let text = try fields.text("content") else {
            throw .invalid("content is missing; give a text", field: "content")
        }
        try fields.refuseOthers()
        let tokens = try served.tokenizer().encode(text, addSpecial: addsSpecial)
        return Response(json: ["tokens": .array(tokens.map { .int($0) })])
    }

    private func detokenize(_ body: [UInt8]) throws(APIError) -> Response {
        var fields = try RequestFields(body)
        let value = fields.value("tokens")
        try fields.refuseOthers()
        let tokens = value?.arrayValue?.compactMap(\.wholeNumber)
        guard let tokens, tokens.count == value?.arrayValue?.count else {
            throw .invalid("tokens are no list of whole numbers; give one", field: "tokens")
        }
        return Response(json: ["content": .string(try served.tokenizer().decode(tokens, skipSpecial: false))])
    }
}
