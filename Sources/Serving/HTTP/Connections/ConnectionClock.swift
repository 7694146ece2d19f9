import Hummingbird
import NIOCore
import NIOHTTPTypes

/// Limits the time that each part of an exchange takes, and reports when the client leaves.
///
/// A request that comes too slowly becomes a `RequestFault`, which is answered. A client that is too slow even for that, or
/// sends nothing, is disconnected.
final class ConnectionClock: ChannelDuplexHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private enum Phase {
        case idle, head, body, answer, closing
    }

    private let limits: ConnectionLimits
    private let presence: ClientPresence
    private var phase = Phase.idle
    /// When the phase ends at the latest; nil while the server's answer is awaited.
    private var deadline: NIODeadline?
    private var check: Scheduled<Void>?
    private var headCount = 0
    private var requestCount = 0
    private var answerCount = 0
    /// Whether the connection ends with what has been written.
    private var isEnding = false

    init(_ limits: ConnectionLimits, _ presence: ClientPresence) {
        self.limits = limits
        self.presence = presence
    }

    func handlerAdded(context: ChannelHandlerContext) { enter(.idle, context) }

    func handlerRemoved(context: ChannelHandlerContext) { check?.cancel() }

    /// Bytes have come, of whatever part.
    func noteBytes(_ context: ChannelHandlerContext) {
        if phase == .idle { enter(.head, context) }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head:
            headCount += 1
            if phase != .answer, phase != .closing { enter(.body, context) }
        case .body: break
        case .end:
            requestCount += 1
            if phase == .body { enter(answerCount < requestCount ? .answer : .idle, context) }
        }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard case .end = unwrapOutboundIn(data) else { return context.write(data, promise: promise) }
        let promise = promise ?? context.eventLoop.makePromise()
        promise.futureResult.assumeIsolated().whenSuccess { self.noteAnswer(context) }
        context.write(data, promise: promise)
    }

    /// An answer has been handed to the system to the end.
    private func noteAnswer(_ context: ChannelHandlerContext) {
        answerCount += 1
        guard phase == .answer, answerCount >= requestCount else { return }
        if isEnding {
            enter(.closing, context)
        } else if headCount > requestCount {
            enter(.body, context)
        } else if presence.isStopping {
            context.close(promise: nil)
        } else {
            enter(.idle, context)
        }
    }

    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        if mode == .output {
            isEnding = true
            if phase != .answer { enter(.closing, context) }
        }
        context.close(mode: mode, promise: promise)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case ChannelEvent.inputClosed: presence.change(to: .silent)
        case is ChannelShouldQuiesceEvent:
            presence.stop()
            switch phase {
            case .idle, .head: context.close(promise: nil)
            case .body: setDeadline(min(deadline ?? .distantFuture, .after(limits.lastBodySeconds)), context)
            case .answer, .closing: break
            }
        default: break
        }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        presence.change(to: .gone)
        check?.cancel()
        context.fireChannelInactive()
    }

    private func enter(_ phase: Phase, _ context: ChannelHandlerContext) {
        self.phase = phase
        switch phase {
        case .idle: setDeadline(.after(limits.idleSeconds), context)
        case .head: setDeadline(.after(limits.headSeconds), context)
        case .body: setDeadline(.after(presence.isStopping ? limits.lastBodySeconds : limits.bodySeconds), context)
        case .closing: setDeadline(.after(limits.closingSeconds), context)
        case .answer:
            deadline = nil
            check?.cancel()
        }
    }

    private func setDeadline(_ deadline: NIODeadline, _ context: ChannelHandlerContext) {
        self.deadline = deadline
        check?.cancel()
        check = context.eventLoop.assumeIsolated().scheduleTask(deadline: deadline) { self.end(context) }
    }

    private func end(_ context: ChannelHandlerContext) {
        switch phase {
        case .head, .body:
            enter(.closing, context)
            context.fireErrorCaught(RequestFault.timeout)
        case .idle, .answer, .closing: context.close(promise: nil)
        }
    }
}

extension NIODeadline {
    fileprivate static func after(_ seconds: Int) -> NIODeadline { .now() + .seconds(Int64(seconds)) }
}

/// Tells the clock of a connection's bytes before they make up a part of a request.
final class ByteNotice: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private let clock: ConnectionClock

    init(_ clock: ConnectionClock) { self.clock = clock }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if let context = try? context.pipeline.syncOperations.context(handler: clock) { clock.noteBytes(context) }
        context.fireChannelRead(data)
    }
}
