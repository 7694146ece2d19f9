import Hummingbird

/// Answers every error in OpenAI's form, and counts them.
struct ErrorMiddleware<Context: RequestContext>: RouterMiddleware {
    let metrics: ServingMetrics

    func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch {
            let refusal = Self.refusal(of: error)
            metrics.countRefusal(status: refusal.status.code)
            return refusal.response
        }
    }

    private static func refusal(of error: any Error) -> APIError {
        switch error {
        case let error as APIError: return error
        case let error as HTTPError:
            return APIError(status: error.status, message: error.body ?? error.status.reasonPhrase)
        default: return APIError(status: .internalServerError, message: "\(error)")
        }
    }
}

/// Lets in who knows the key.
struct KeyMiddleware<Context: RequestContext>: RouterMiddleware {
    let key: [UInt8]

    func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        guard let header = request.headers[.authorization] else {
            throw APIError(
                status: .unauthorized, message: "the API key is missing; send it as Authorization: Bearer KEY",
                code: "missing_api_key")
        }
        guard header.hasPrefix("Bearer "), isKey(Array(header.utf8.dropFirst(7))) else {
            throw APIError(
                status: .unauthorized, message: "the API key is wrong; ask whoever runs this server",
                code: "invalid_api_key")
        }
        return try await next(request, context)
    }

    /// Takes a time that tells nothing about where `other` differs.
    private func isKey(_ other: [UInt8]) -> Bool {
        var difference = UInt8(other.count == key.count ? 0 : 1)
        for (index, byte) in other.enumerated() { difference |= byte ^ key[index % key.count] }
        return difference == 0
    }
}
