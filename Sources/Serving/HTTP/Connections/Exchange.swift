import Hummingbird
import NIOConcurrencyHelpers
import NIOCore
import NIOHTTPTypes

/// A request's connection, for as long as it is answered.
struct Exchange: Sendable {
    /// Names the exchange in the answer and the log.
    let id: String
    /// The client's address.
    let address: String
    let presence: ClientPresence
    let eventLoop: any EventLoop
    let parts: InboundParts
    let outbound: NIOAsyncChannelOutboundWriter<HTTPResponsePart>
    /// What the access log is to say.
    let record = NIOLockedValueBox(AccessRecord())

    /// Reads the request's body.
    ///
    /// A body that is too large is still read to its end, because many clients only then look for the answer. A client that
    /// asked first (`Expect: 100-continue`) need not send it.
    ///
    /// - Throws: `APIError` if the body is not JSON by its type, too large, malformed, or does not come in time.
    func body(of request: Request, upTo limit: Int, budget: BodyBudget) async throws -> RequestBytes {
        // A page of any site may send other types without asking.
        guard Self.isJSON(request.headers[.contentType] ?? "") else {
            throw APIError(
                status: .unsupportedMediaType,
                message: "the body's type is not JSON; send Content-Type: application/json",
                code: "unsupported_media_type")
        }
        let announced = request.headers[.contentLength].flatMap { Int($0) } ?? 0
        let tooLarge = APIError(
            status: .contentTooLarge, message: "the body is larger than \(limit) bytes; send less",
            code: "body_too_large")
        if request.headers[.expect]?.lowercased() == "100-continue" {
            guard announced <= limit else { throw tooLarge }
            try await outbound.write(.head(HTTPResponse(status: .continue)))
        }
        let body = RequestBytes(budget, client: address)
        var refusal: APIError?
        while let buffer = try await nextBytes() {
            guard refusal == nil else { continue }
            if body.bytes.count + buffer.readableBytes > limit {
                refusal = tooLarge
            } else if !body.append(buffer.readableBytesView) {
                refusal = .busy("large requests fill the memory that the server has for them; try again in a while")
            }
        }
        if let refusal { throw refusal }
        return body
    }

    /// Whether a media type is `application/json`, or one built on it such as `application/x+json`.
    private static func isJSON(_ type: String) -> Bool {
        let name = type.prefix { $0 != ";" }.lowercased().trimmingPrefix(" ").split(separator: " ").first ?? ""
        return name == "application/json" || (name.hasPrefix("application/") && name.hasSuffix("+json"))
    }

    private func nextBytes() async throws -> ByteBuffer? {
        do {
            return try await parts.nextBytes()
        } catch let error as RequestFault {
            throw error.apiError
        }
    }
}
