import Hummingbird
import Logging
import NIOCore
import ServiceLifecycle
import UnixSignals

/// An HTTP server with OpenAI's endpoints for one model, and a page to try them.
package struct Server: Sendable {
    private let application: Application<RouterResponder<BasicRequestContext>>
    private let engine: EngineService
    private let logger: Logger

    /// - Parameters:
    ///   - engine: one that nothing else runs.
    ///   - onStart: called with the port once the server accepts connections.
    package init(
        _ served: ServedModel, engine: sending BatchEngine, configuration: ServerConfiguration, logger: Logger,
        onStart: @escaping @Sendable (_ port: Int) async -> Void
    ) {
        let metrics = engine.metrics
        let service = EngineService(engine)
        self.engine = service
        self.logger = logger
        let router = Router()
        // Added first, so that errors have the header too.
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

    /// Serves until SIGTERM or SIGINT, then finishes the requests that it has accepted.
    package func run() async throws {
        // Services stop in reverse order: the listener first, then the engine, when it has answered the last requests.
        let group = ServiceGroup(
            configuration: .init(
                services: [engine, application], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger))
        try await group.run()
    }
}
