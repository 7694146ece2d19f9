import Hummingbird
import NIOCore
import NIOHTTPTypes

/// The parts of a connection's requests, in order.
// Sendable: only the connection's task uses it.
final class InboundParts: @unchecked Sendable {
    private var iterator: NIOAsyncChannelInboundStream<HTTPRequestPart>.AsyncIterator
    /// Whether the current request has been read to its end.
    private(set) var isWhole = true

    init(_ parts: NIOAsyncChannelInboundStream<HTTPRequestPart>) { iterator = parts.makeAsyncIterator() }

    /// The next request's head, after the rest of the current one; nil at the end of the connection.
    ///
    /// - Throws: `RequestFault`.
    func nextHead() async throws -> HTTPRequest? {
        while let part = try await iterator.next() {
            guard case .head(let head) = part else { continue }
            isWhole = false
            if !head.hasBody { while try await nextBytes() != nil {} }
            return head
        }
        return nil
    }

    /// The next bytes of the current request's body; nil at its end.
    ///
    /// - Throws: `RequestFault`; `CancellationError` if the client leaves within the body.
    func nextBytes() async throws -> ByteBuffer? {
        guard !isWhole else { return nil }
        switch try await iterator.next() {
        case .body(let bytes): return bytes
        case .end:
            isWhole = true
            return nil
        case .head, nil: throw CancellationError()
        }
    }
}

extension HTTPRequest {
    fileprivate var hasBody: Bool {
        headerFields[.contentLength].map { $0 != "0" } ?? (headerFields[.transferEncoding] != nil)
    }
}
