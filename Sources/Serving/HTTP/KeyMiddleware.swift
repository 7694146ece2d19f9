import Hummingbird

/// Refuses requests without the API key.
struct KeyMiddleware: RouterMiddleware {
    let key: [UInt8]

    func handle(
        _ request: Request, context: ServerContext, next: (Request, ServerContext) async throws -> Response
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
        var context = context
        context.client = Client(id: context.exchange.address, domain: "")
        return try await next(request, context)
    }

    /// Compares in a time that does not depend on where `other` differs.
    private func isKey(_ other: [UInt8]) -> Bool {
        var difference = UInt8(other.count == key.count ? 0 : 1)
        for (index, byte) in other.enumerated() { difference |= byte ^ key[index % key.count] }
        return difference == 0
    }
}
