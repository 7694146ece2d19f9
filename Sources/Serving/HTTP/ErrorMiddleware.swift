import Hummingbird

/// Answers errors in OpenAI's form and counts them.
struct ErrorMiddleware<Context: RequestContext>: RouterMiddleware {
    let metrics: ServingMetrics

    func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch let error as CancellationError {
            // Nobody is there to answer.
            throw error
        } catch {
            let refusal = Self.refusal(of: error)
            metrics.countRefusal(status: refusal.status.code)
            return try refusal.response()
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
