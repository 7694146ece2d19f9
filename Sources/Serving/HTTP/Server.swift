import Hummingbird
import HummingbirdCore
import HummingbirdTLS
import Logging
import NIOPosix
import ServiceLifecycle

/// An HTTP server with OpenAI's endpoints for one model, and a page to try them.
package struct Server: Sendable {
    private let group: ServiceGroup

    /// - Parameters:
    ///   - engine: one that nothing else runs.
    ///   - onStart: called with the port once the server accepts connections.
    /// - Throws: if the certificates and the key do not match.
    package init(
        _ served: ServedModel, engine: sending BatchEngine, configuration: ServerConfiguration, logger: Logger,
        onStart: @escaping @Sendable (_ port: Int) async -> Void
    ) throws {
        let metrics = engine.metrics
        let engine = EngineService(engine)
        let responder = Self.router(served, engine.queue, metrics, configuration).buildResponder()
        let channel = ConnectionChannel(
            limits: configuration.connections, counts: ConnectionCounts(configuration.connections),
            accessLog: configuration.accessLog
        ) { request, exchange in
            try await responder.respond(
                to: request, context: ServerContext(source: .init(logger: logger, exchange: exchange)))
        }
        let child =
            try configuration.tls.map { try TLSChannel(channel, tlsConfiguration: $0) as any ServerChildChannel }
            ?? channel
        let listener = child.server(
            configuration: HummingbirdCore.ServerConfiguration(
                address: .hostname(configuration.host, port: configuration.port),
                // Some more than allowed, to tell them so.
                availableConnectionsDelegate: .maximum(configuration.connections.count + 64, logger: logger)),
            onServerRunning: { channel in await onStart(channel.localAddress?.port ?? configuration.port) },
            eventLoopGroup: MultiThreadedEventLoopGroup.singleton, logger: logger)
        // Services stop in reverse order: the listener first, then the engine, when it has answered the last requests.
        var services = ServiceGroupConfiguration(services: [engine, listener], logger: logger)
        services.maximumGracefulShutdownDuration = .seconds(configuration.shutdownTimeout)
        group = ServiceGroup(configuration: services)
    }

    private static func router(
        _ served: ServedModel, _ queue: AdmissionQueue, _ metrics: ServingMetrics, _ configuration: ServerConfiguration
    ) -> Router<ServerContext> {
        let router = Router(context: ServerContext.self, options: .autoGenerateHeadEndpoints)
        let sites = AllowedSites(
            bound: configuration.host, hosts: configuration.allowedHosts, origins: configuration.allowedOrigins)
        // Added first, so that errors have its headers too.
        router.middlewares.add(SiteMiddleware(sites: sites))
        router.middlewares.add(ErrorMiddleware(metrics: metrics))
        HealthRoutes(queue: queue).add(to: router)
        router.middlewares.add(SiteGuard(sites: sites))
        PublicRoutes(served: served).add(to: router)
        let guarded = router.group()
        if let keys = configuration.keys { guarded.add(middleware: KeyMiddleware(keys: keys)) }
        ModelRoutes(
            served: served, queue: queue, metrics: metrics, workers: Workers(),
            bodies: BodyBudget(byteCount: configuration.bodyByteCount), keys: configuration.keys
        ).add(to: guarded)
        router.middlewares.add(NoRouteMiddleware(router.routes))
        return router
    }

    /// Serves until `stop`, then finishes the requests that it has accepted, for a limited time.
    ///
    /// - Throws: if the server cannot listen.
    package func run() async throws {
        do {
            try await group.run()
        } catch is CancellationError {
            // The time for the last answers is over.
        }
    }

    /// Begins to shut down.
    package func stop() async { await group.triggerGracefulShutdown() }
}
