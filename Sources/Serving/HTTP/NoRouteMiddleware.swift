import Hummingbird

/// Answers requests that match no route: 405 if the path takes another method, else 404.
///
/// It must be added after the routes, so that it sees only what none of them takes.
struct NoRouteMiddleware<Context: RequestContext>: RouterMiddleware {
    private let routes: [(path: RouterPath, method: String)]

    init(_ routes: [Router<Context>.RouteDescription]) { self.routes = routes.map { ($0.path, $0.method.rawValue) } }

    func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        let (method, path) = (request.method, request.uri.path)
        let allowed = routes.filter { $0.path.matches(path) }.map(\.method)
        guard !allowed.isEmpty else {
            throw APIError(
                status: .notFound, message: "there is nothing at \(method) \(path)", code: "not_found")
        }
        throw APIError(
            status: .methodNotAllowed,
            message: "\(path) does not take \(method); send \(allowed.joined(separator: " or "))",
            code: "method_not_allowed", allowedMethods: allowed)
    }
}

extension RouterPath {
    fileprivate func matches(_ path: String) -> Bool {
        let parts = path.split(separator: "/")
        return parts.count == components.count && zip(components, parts).allSatisfy { $0 ~= $1 }
    }
}
