import Decoding
import HTTPTypes
import Hummingbird
import JSON
import NIOConcurrencyHelpers
import NIOCore
import Tokens

/// The endpoints that need the API key.
struct ModelRoutes: Sendable {
    let served: ServedModel
    let queue: AdmissionQueue
    let metrics: ServingMetrics
    let workers: Workers
    let bodies: BodyBudget
    let keys: KeyRing?

    func add(to router: RouterGroup<ServerContext>) {
        router.get("metrics") { _, _ in Response(text: metrics.text, type: "text/plain; version=0.0.4") }
        router.get("v1/models") { _, _ in try Response(json: ModelList(data: [ModelDescription(served)])) }
        router.get("v1/models/:name") { _, context in
            let name = context.parameters.get("name") ?? ""
            guard !name.isEmpty, served.isName(name) else { throw served.unknownModel(name) }
            return try Response(json: ModelDescription(served))
        }
        router.post("v1/completions", use: completion)
        router.post("v1/chat/completions", use: chat)
        router.post("tokenize") { request, context in
            try await prepared(request, context, in: try place(for: context.client)) { body in
                let asked = try TokenizeRequest(from: JSONValueDecoder(body: body), configuration: served)
                return try Response(json: TokenizeBody(tokens: served.tokens(of: asked)))
            }
        }
        router.post("detokenize") { request, context in
            try await prepared(request, context, in: try place(for: context.client)) { body in
                let asked = try DetokenizeRequest(from: JSONValueDecoder(body: body), configuration: served)
                return try Response(json: DetokenizeBody(content: served.text(of: asked)))
            }
        }
    }

    @Sendable private func completion(_ request: Request, _ context: ServerContext) async throws -> Response {
        let place = try place(for: context.client)
        let asked = try await prepared(request, context, in: place) { body in
            let asked = try CompletionRequest(from: JSONValueDecoder(body: body), configuration: served)
            let options = try served.options(
                for: asked.answer, length: asked.answer.length, defaultLength: 16,
                logprobCount: asked.logprobCount)
            return PreparedAnswer(
                answer: asked.answer, prompts: try asked.prompts.map(served.tokens), options: options,
                scoresPrompt: asked.echoes,
                format: CompletionFormat(
                    tokenizer: served.model.tokenizer, echoes: asked.echoes, logprobCount: asked.logprobCount))
        }
        return try await respond(to: asked, context, from: place)
    }

    @Sendable private func chat(_ request: Request, _ context: ServerContext) async throws -> Response {
        let place = try place(for: context.client)
        let asked = try await prepared(request, context, in: place) { body in
            let asked = try ChatCompletionRequest(from: JSONValueDecoder(body: body), configuration: served)
            var options = try served.options(
                for: asked.answer, length: asked.completionLength ?? asked.answer.length,
                defaultLength: .max, logprobCount: asked.logprobCount)
            let prompt = try served.tokens(of: asked.prompt)
            let reading = try served.reading(of: asked, prompt: prompt, &options)
            return PreparedAnswer(
                answer: asked.answer, prompts: [prompt], options: options, scoresPrompt: false,
                format: ChatFormat(
                    tokenizer: served.model.tokenizer, logprobCount: asked.logprobCount,
                    readers: AnswerReaders(reading)))
        }
        return try await respond(to: asked, context, from: place)
    }

    /// A place in the queue, taken before a prompt is read: reading prompts is work too.
    private func place(for client: Client) throws(APIError) -> AdmissionQueue.Place {
        do { return try queue.enter(client) } catch { throw error.apiError }
    }

    /// Reads a request's body, and works on it away from the threads that serve connections.
    private func prepared<Value: Sendable>(
        _ request: Request, _ context: ServerContext, in place: borrowing AdmissionQueue.Place,
        _ work: @escaping @Sendable ([UInt8]) throws -> Value
    ) async throws -> Value {
        let body = try await context.exchange.body(of: request, upTo: served.limits.bodyByteCount, budget: bodies)
        return try await workers.run(body.bytes.count, for: context.client) { try work(body.bytes) }
    }

    private func respond<Format: AnswerFormat>(
        to asked: PreparedAnswer<Format>, _ context: ServerContext, from place: consuming AdmissionQueue.Place
    ) async throws -> Response {
        try served.check(prompts: asked.prompts, choicesOfEach: asked.answer.choiceCount)
        let (exchange, key) = (context.exchange, context.key)
        let stream = try AnswerStream(
            asked, client: context.client, queue: queue, from: place, exchange: exchange
        ) { tokens, isPrompt in
            if let key { keys?.charge(tokens, to: key) }
            exchange.record.withLockedValue { $0.add(tokens, isPrompt: isPrompt) }
        }
        let response = AnswerResponse(
            stream: stream, frame: AnswerFrame(asked.format, served, plan: asked.answer.plan), client: context.client,
            presence: context.exchange.presence, workers: workers, includesUsage: asked.answer.includesUsage)
        let ignored = asked.answer.ignoredFields
        exchange.record.withLockedValue { $0.ignoredFields = ignored }
        var answer = asked.answer.isStreamed ? response.events() : try await response.whole()
        if !ignored.isEmpty { answer.headers[.ignoredFields] = ignored.map(headerText).joined(separator: ", ") }
        return answer
    }
}

extension HTTPField.Name {
    // A valid name: letters and dashes.
    static let ignoredFields = HTTPField.Name("x-volley-ignored-fields")!
}

/// A field's name as a header may have it: short, and without characters that headers treat apart.
private func headerText(_ name: String) -> String {
    String(name.prefix(64).map { $0.isASCII && ($0.isLetter || $0.isNumber || "_.-[]".contains($0)) ? $0 : "?" })
}
