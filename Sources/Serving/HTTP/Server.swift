import Hummingbird
import Logging
import NIOCore
import ServiceLifecycle
import UnixSignals

/// Where a server listens and whom it lets in.
package struct ServerConfiguration: Sendable {
    package var host = "127.0.0.1"
    package var port = 8080
    /// What clients must send as `Authorization: Bearer KEY`; nil lets everyone in.
    package var key: String?
    /// The page of another origin that browsers may let use the server, `*` for any; nil for none.
    package var allowedOrigin: String?
    /// Most connections at a time.
    package var connections = 1024
    /// Seconds after which a client that takes nothing of its answer is let go.
    package var writeTimeout = 30

    package init() {}
}

/// The HTTP server: one model, one engine, OpenAI's endpoints and a page to try them.
package struct Server: Sendable {
    private let application: Application<RouterResponder<BasicRequestContext>>
    private let engine: EngineService
    private let logger: Logger

    /// - Parameters:
    ///   - engine: not yet running anywhere else.
    ///   - onStart: told the port, once connections are taken.
    package init(
        _ served: ServedModel, engine: sending BatchEngine, configuration: ServerConfiguration, logger: Logger,
        onStart: @escaping @Sendable (_ port: Int) async -> Void
    ) {
        let metrics = engine.metrics
        let service = EngineService(engine)
        self.engine = service
        self.logger = logger
        let router = Router()
        // First, so that browsers may read errors too.
        if let origin = configuration.allowedOrigin {
            router.middlewares.add(
                CORSMiddleware(
                    allowOrigin: origin == "*" ? .all : .custom(origin), allowHeaders: [.authorization, .contentType],
                    allowMethods: [.get, .post]))
        }
        router.middlewares.add(ErrorMiddleware(metrics: metrics))
        PublicRoutes(served: served, queue: service.queue).add(to: router)
        let guarded = router.group()
        if let key = configuration.key { guarded.add(middleware: KeyMiddleware(key: Array(key.utf8))) }
        ModelRoutes(served: served, queue: service.queue, metrics: metrics).add(to: guarded)
        router.middlewares.add(NoRouteMiddleware(router.routes))
        let writeTimeout = TimeAmount.seconds(Int64(configuration.writeTimeout))
        application = Application(
            router: router,
            server: .http1(
                configuration: .init(
                    additionalChannelHandlers: [WriteTimeout(writeTimeout)], idleTimeout: .seconds(75))),
            configuration: ApplicationConfiguration(
                address: .hostname(configuration.host, port: configuration.port),
                availableConnectionsDelegate: .maximum(configuration.connections, logger: logger)),
            onServerRunning: { channel in await onStart(channel.localAddress?.port ?? configuration.port) },
            logger: logger)
    }

    /// Serves until SIGTERM or SIGINT: then requests that were taken are still answered, tokens and all.
    package func run() async throws {
        // Shut down in reverse: no new requests first, then the engine that answers the last ones.
        let group = ServiceGroup(
            configuration: .init(
                services: [engine, application], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger))
        try await group.run()
    }
}
