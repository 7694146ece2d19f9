import Hummingbird

/// Whether the server lives, and whether to send it requests. Probes ask it by any name, and without a key.
struct HealthRoutes: Sendable {
    let queue: AdmissionQueue

    func add(to router: Router<ServerContext>) {
        router.get("health") { _, _ in try Response(json: HealthBody(status: .ok)) }
        router.get("ready") { _, context in
            try queue.isOpen && !context.exchange.presence.isStopping
                ? Response(json: HealthBody(status: .ready))
                : Response(json: HealthBody(status: .stopping), status: .serviceUnavailable)
        }
    }
}
