import HTTPTypes
import Hummingbird
import NIOConcurrencyHelpers

/// Refuses requests without a key, and of keys that have used up their tokens.
struct KeyMiddleware: RouterMiddleware {
    let keys: KeyRing

    func handle(
        _ request: Request, context: ServerContext, next: (Request, ServerContext) async throws -> Response
    ) async throws -> Response {
        guard let given = Self.secret(in: request.headers) else {
            throw APIError(
                status: .unauthorized, message: "the API key is missing; send it as Authorization: Bearer KEY",
                code: "missing_api_key")
        }
        guard let secret = given, let key = keys.key(secret.utf8) else {
            throw APIError(
                status: .unauthorized, message: "the API key is wrong; ask whoever runs this server",
                code: "invalid_api_key")
        }
        let wait = keys.wait(of: key)
        guard wait == 0 || request.method != .post else {
            throw APIError(
                status: .tooManyRequests,
                message: "the key has used its \(key.tokensPerMinute ?? 0) tokens of this minute; try again later",
                code: "rate_limit_exceeded", retryAfter: Int(wait.rounded(.up)))
        }
        var context = context
        context.client = Client(id: key.name ?? context.exchange.address, domain: key.name ?? "")
        context.key = key
        context.exchange.record.withLockedValue { $0.keyName = key.name }
        return try await next(request, context)
    }

    /// The key that a request sends; nil for none, and an inner nil for one in a form that no key has.
    private static func secret(in headers: HTTPFields) -> String?? {
        if let header = headers[.authorization] {
            return .some(header.hasPrefix("Bearer ") ? String(header.dropFirst(7)) : nil)
        }
        return headers[.apiKey].map { .some($0) }
    }
}

extension HTTPField.Name {
    // A valid name: letters and dashes. Anthropic's clients send it.
    fileprivate static let apiKey = HTTPField.Name("x-api-key")!
}
