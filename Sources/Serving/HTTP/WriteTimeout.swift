import Hummingbird
import NIOCore
import NIOHTTPTypes

/// Closes a connection whose client has read nothing of the pending writes for a while: it stopped reading, or is gone without
/// a word. The generation ends with the connection.
final class WriteTimeout: ChannelOutboundHandler, RemovableChannelHandler {
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    /// A large body is written in pieces of this size, each of which counts as progress.
    private static let pieceByteCount = 1 << 14
    /// The size of the socket's send buffer. The system reports room only when a third of it is free. With the default of
    /// megabytes, a slow reader would look like one that reads nothing.
    private static let sendBufferByteCount: SocketOptionValue = 1 << 16

    private let limit: TimeAmount
    private var pendingCount = 0
    /// When a write last completed, or began while none was pending.
    private var progress = NIODeadline.now()
    private var check: Scheduled<Void>?

    init(_ limit: TimeAmount) { self.limit = limit }

    func handlerAdded(context: ChannelHandlerContext) {
        _ = context.channel.setOption(.socketOption(.so_sndbuf), value: Self.sendBufferByteCount)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard case .body(var body) = unwrapOutboundIn(data), body.readableBytes > Self.pieceByteCount else {
            return watch(context, data, promise)
        }
        while body.readableBytes > Self.pieceByteCount, let piece = body.readSlice(length: Self.pieceByteCount) {
            watch(context, wrapOutboundOut(.body(piece)), nil)
        }
        watch(context, wrapOutboundOut(.body(body)), promise)
    }

    func handlerRemoved(context: ChannelHandlerContext) { check?.cancel() }

    private func watch(_ context: ChannelHandlerContext, _ data: NIOAny, _ promise: EventLoopPromise<Void>?) {
        if pendingCount == 0 { progress = .now() }
        pendingCount += 1
        let promise = promise ?? context.eventLoop.makePromise()
        promise.futureResult.assumeIsolated().whenComplete { _ in
            self.pendingCount -= 1
            self.progress = .now()
        }
        context.write(data, promise: promise)
        if check == nil { scheduleCheck(context, at: progress + limit) }
    }

    /// All writes of the connection share one timer, which is scheduled again only after it has fired.
    private func scheduleCheck(_ context: ChannelHandlerContext, at deadline: NIODeadline) {
        check = context.eventLoop.assumeIsolated().scheduleTask(deadline: deadline) {
            self.check = nil
            guard self.pendingCount > 0 else { return }
            let deadline = self.progress + self.limit
            if deadline <= .now() {
                context.close(promise: nil)
            } else {
                self.scheduleCheck(context, at: deadline)
            }
        }
    }
}
