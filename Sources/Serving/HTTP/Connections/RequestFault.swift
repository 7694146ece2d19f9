import HTTPTypes
import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import NIOSSL

/// Why a connection's bytes are no request.
enum RequestFault: Error {
    case malformed(String)
    case tooLargeHead
    case timeout

    init?(_ error: any Error) {
        switch error {
        case HTTPParserError.headerOverflow: self = .tooLargeHead
        case let error as HTTPParserError: self = .malformed(error.debugDescription)
        case is IOError, is ChannelError, is NIOSSLError: return nil
        // What remains are conversions of a head to HTTP's types.
        default: self = .malformed("its head is not valid")
        }
    }

    var apiError: APIError {
        switch self {
        case .malformed(let problem):
            .invalid("the request is not HTTP: \(problem); send it as RFC 9112 says", code: "malformed_request")
        case .tooLargeHead:
            APIError(
                status: .requestHeaderFieldsTooLarge, message: "the request's head is too large; send fewer headers",
                code: "head_too_large")
        case .timeout:
            APIError(
                status: .requestTimeout, message: "the request did not arrive in time; send it faster",
                code: "request_timeout")
        }
    }
}

/// Turns the errors of requests into `RequestFault`s.
final class FaultNotice: ChannelInboundHandler {
    typealias InboundIn = HTTPRequestPart

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.fireErrorCaught(RequestFault(error) ?? error)
    }
}
