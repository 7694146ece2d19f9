import HTTPTypes
import Hummingbird
import JSON

/// Refuses requests that pages of other sites make browsers send, and lets allowed origins read the answers (CORS).
struct SiteMiddleware: RouterMiddleware {
    let sites: AllowedSites

    func handle(
        _ request: Request, context: ServerContext, next: (Request, ServerContext) async throws -> Response
    ) async throws -> Response {
        guard let origin = request.headers[.origin], sites.allows(listed: origin) else {
            return try await next(request, context)
        }
        var response = try await request.method == .options ? preflight(request) : next(request, context)
        response.headers[.accessControlAllowOrigin] = origin
        response.headers[.vary] = "Origin"
        response.headers[.accessControlExposeHeaders] = "*"
        return response
    }

    /// What a browser asks before it sends a page's request: any header may be sent.
    private func preflight(_ request: Request) -> Response {
        var headers: HTTPFields = [.accessControlAllowMethods: "GET, HEAD, POST", .accessControlMaxAge: "600"]
        headers[.accessControlAllowHeaders] = request.headers[.accessControlRequestHeaders]
        if request.headers[.accessControlRequestPrivateNetwork] == "true" {
            headers[.accessControlAllowPrivateNetwork] = "true"
        }
        return Response(status: .noContent, headers: headers)
    }
}

/// Refuses requests to other names, and of other origins' pages.
struct SiteGuard: RouterMiddleware {
    let sites: AllowedSites

    func handle(
        _ request: Request, context: ServerContext, next: (Request, ServerContext) async throws -> Response
    ) async throws -> Response {
        let authority = request.head.authority ?? ""
        guard sites.allows(authority: authority) else {
            throw APIError(
                status: .forbidden,
                message:
                    "this server does not go by the name \(quoted(authority)); use its address, or start it with --allow-host",
                code: "host_not_allowed")
        }
        if let origin = request.headers[.origin], !sites.allows(origin: origin, authority: authority) {
            throw APIError(
                status: .forbidden,
                message: "pages of \(quoted(origin)) may not use this server; start it with --cors to allow them",
                code: "origin_not_allowed")
        }
        return try await next(request, context)
    }
}

extension HTTPField.Name {
    // Valid names: letters and dashes.
    fileprivate static let accessControlRequestPrivateNetwork = HTTPField.Name(
        "Access-Control-Request-Private-Network")!
    fileprivate static let accessControlAllowPrivateNetwork = HTTPField.Name("Access-Control-Allow-Private-Network")!
}
