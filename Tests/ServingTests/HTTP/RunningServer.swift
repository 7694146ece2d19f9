import Decoding
import Logging
import Models
import Serving

/// A server of the embedded model on a free port of this machine.
final class RunningServer: Sendable {
    let port: Int
    let metrics: ServingMetrics
    private let server: Server
    private let running: Task<Void, any Error>

    init(
        _ limits: ServingLimits = ServingLimits(), model: Result<Model, any Error> = Fixture.model,
        configure: (inout ServerConfiguration) -> Void = { _ in }
    ) async throws {
        var configuration = ServerConfiguration()
        configuration.port = 0
        configure(&configuration)
        let metrics = ServingMetrics()
        let (ports, start) = AsyncStream<Int>.makeStream()
        let served = ServedModel(try model.get(), plan: .vanilla, rule: CycleRule.Overrides(), limits: limits)
        let server = try Server(
            served, engine: try Fixture.engine(limits, metrics: metrics, model: model), configuration: configuration,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        ) { port in
            start.yield(port)
        }
        self.metrics = metrics
        self.server = server
        running = Task {
            defer { start.finish() }
            try await server.run()
        }
        var port: Int?
        for await first in ports {
            port = first
            break
        }
        guard let port else {
            try await running.value
            throw CancellationError()
        }
        self.port = port
    }

    /// Shuts down; returns how long that took.
    @discardableResult
    func stop() async -> Duration {
        await ContinuousClock().measure {
            await server.stop()
            _ = await running.result
        }
    }

    /// The value of a metric.
    func metric(_ name: String) -> Int? {
        let line = metrics.text.split(separator: "\n").first { $0.hasPrefix(name + " ") }
        return line.flatMap { Int($0.dropFirst(name.count + 1)) }
    }

    /// Waits until a metric has a value, for ten seconds at most.
    func wait(for name: String, _ value: Int) async throws {
        for _ in 0..<1000 where metric(name) != value { try await Task.sleep(for: .milliseconds(10)) }
    }
}
