import HTTPTypes
import Hummingbird
import HummingbirdCore
import Logging
import NIOConcurrencyHelpers
import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import NIOHTTPTypesHTTP1
import Tensors

/// A connection with HTTP/1.1: requests are answered one after the other, also those that come before an answer.
struct ConnectionChannel: ServerChildChannel {
    typealias Respond = @Sendable (Request, Exchange) async throws -> Response

    struct Value: ServerChildChannelValue {
        let parts: NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>
        let address: String
        let presence: ClientPresence
        /// Whether the limits allow the connection.
        let isAllowed: Bool

        var channel: any Channel { parts.channel }
    }

    let limits: ConnectionLimits
    let counts: ConnectionCounts
    /// Gets a line for each request; nil for none.
    let accessLog: Logger?
    let respond: Respond

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        let presence = ClientPresence()
        let address = channel.remoteAddress?.clientAddress ?? "local"
        let isAllowed = counts.begin(address)
        if isAllowed { channel.closeFuture.whenComplete { [counts] _ in counts.end(address) } }
        return channel.eventLoop.makeCompletedFuture {
            let pipeline = channel.pipeline.syncOperations
            let clock = ConnectionClock(limits, presence)
            try pipeline.addHandler(ByteNotice(clock))
            try pipeline.configureHTTPServerPipeline(
                withPipeliningAssistance: false, withErrorHandling: false, withOutboundHeaderValidation: false)
            try pipeline.addHandlers([
                HTTP1ToHTTPServerCodec(secure: false), FaultNotice(),
                WriteTimeout(.seconds(Int64(limits.writeSeconds))), clock,
            ])
            let parts = try NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>(
                wrappingChannelSynchronously: channel, configuration: .init(isOutboundHalfClosureEnabled: true))
            return Value(parts: parts, address: address, presence: presence, isAllowed: isAllowed)
        }
    }

    func handle(value: Value, logger: Logger) async {
        // An error here is the connection's: a write failed, or an answer broke off. It ends with the connection.
        try? await withTaskCancellationHandler {
            try await value.parts.executeThenClose { inbound, outbound in
                let parts = InboundParts(inbound)
                do {
                    if value.isAllowed {
                        try await serve(parts, outbound, value)
                    } else {
                        try await refuse(.busy("the server has too many connections; try again in a while"), outbound)
                    }
                } catch let fault as RequestFault {
                    try await refuse(fault.apiError, outbound)
                }
                outbound.finish()
                // What the client still sends would make the system drop the answer.
                while try await parts.nextHead() != nil {}
            }
        } onCancel: {
            value.channel.close(promise: nil)
        }
    }

    private func serve(
        _ parts: InboundParts, _ outbound: NIOAsyncChannelOutboundWriter<HTTPResponsePart>, _ value: Value
    ) async throws {
        while let head = try await parts.nextHead() {
            let exchange = Exchange(
                id: RequestID.of(head), address: value.address, presence: value.presence,
                eventLoop: value.channel.eventLoop, parts: parts, outbound: outbound)
            let clock = ContinuousClock()
            let begun = clock.now
            var status: Int?
            var isWhole = false
            defer {
                if let accessLog {
                    exchange.record.withLockedValue { $0 }.log(
                        exchange, head, status: status, seconds: (clock.now - begun).seconds, isWhole: isWhole,
                        to: accessLog)
                }
            }
            var response = try await respond(Request(head: head, body: RequestBody(buffer: ByteBuffer())), exchange)
            status = response.status.code
            // What is left of a body that nobody has read is not worth a connection.
            let isLast =
                !parts.isWhole || value.presence.isStopping
                || head.headerFields[.connection]?.lowercased().contains("close") == true
            if isLast { response.headers[.connection] = "close" }
            response.headers[.date] = httpDate()
            response.headers[.requestID] = exchange.id
            try await ResponseWriter(outbound: outbound).write(response: response.head, body: response.body)
            isWhole = true
            if isLast { return }
        }
    }

    /// Answers what is no request.
    private func refuse(_ error: APIError, _ outbound: NIOAsyncChannelOutboundWriter<HTTPResponsePart>) async throws {
        var response = try error.response()
        response.headers[.connection] = "close"
        response.headers[.date] = httpDate()
        response.headers[.requestID] = RequestID.new()
        try await ResponseWriter(outbound: outbound).write(response: response.head, body: response.body)
    }
}
