import Hummingbird
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

    /// Reads the request's body.
    ///
    /// A body that is too large is still read to its end, because many clients only then look for the answer. A client that
    /// asked first (`Expect: 100-continue`) need not send it.
    ///
    /// - Throws: `APIError` if the body is too large, malformed, or does not come in time.
    func body(of request: Request, upTo limit: Int, budget: BodyBudget) async throws -> RequestBytes {
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

    private func nextBytes() async throws -> ByteBuffer? {
        do {
            return try await parts.nextBytes()
        } catch let error as RequestFault {
            throw error.apiError
        }
    }
}
