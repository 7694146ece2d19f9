import ArgumentParser
import Foundation
import Logging
import Serving
import Volley

struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Serve a model to OpenAI's clients, and a page to try it.",
        discussion: """
            Requests are decoded together and may each name a factor in the field "mtd". Ctrl-C or SIGTERM takes no more \
            of them and ends when the last is answered.

            EXAMPLES
              volley serve
              volley serve --model DMTD-Qwen3-4B --mtd 4 --port 9000
              VOLLEY_API_KEY=secret volley serve --model Qwen3-0.6B --host 0.0.0.0
            """)

    @OptionGroup(title: "Model") var model: ModelOptions
    @OptionGroup(title: "Decoding, for requests without mtd") var plan: PlanOptions
    @OptionGroup(title: "Chats, for requests that do not say otherwise") var template: TemplateOptions
    @OptionGroup(title: "Server") var server: ServerOptions

    func validate() throws {
        guard !model.screen else {
            throw ValidationError(
                "--screen finds one sequence's next token, and requests are decoded together; leave it out")
        }
    }

    func run() async throws {
        let loaded = try Progress.during("loading the model") { try model.load() }.model
        loaded.generationDefaults.warn()
        let options = model.sessionOptions()
        let plan = try plan.resolve(for: loaded, options: options)
        try check(plan, loaded, options)
        let limits = server.limits()
        let (served, chat) = try template.applied(to: loaded)
        let prompt = (try? served.tokens(of: [.user("Hi")], chat)) ?? []
        if let warning = served.tokenizer?.warning(forPrompt: prompt) { StandardError.warn(warning) }
        let engine = try BatchEngine(loaded, options: options, limits: limits, metrics: ServingMetrics())
        let (name, host) = (loaded.name, server.host)
        let service = Server(
            ServedModel(served, plan: plan, rule: self.plan.rule.overrides, limits: limits, chat: chat), engine: engine,
            configuration: server.configuration(), logger: Logger(label: "volley", factory: QuietLog.init)
        ) { port in
            StandardError.write("volley: \(name), \(plan.option), at http://\(host):\(port)\n")
        }
        do {
            try await service.run()
        } catch {
            throw ServeError.failed(host: host, port: server.port, reason: "\(error)")
        }
    }

    /// Requests may each have their plan, but not a trunk or weights of their own.
    private func check(_ plan: any DecodePlan, _ model: Model, _ options: SessionOptions) throws {
        if let count = plan.trunkLayerCount, count != model.configuration.trunkLayerCount {
            throw ServeError.otherTrunk(plan: plan.name, headLayers: model.configuration.layerCount - count)
        }
        guard plan.model(from: model).stack.runsAlike(model.stack) else {
            throw ServeError.ownWeights(plan: plan.name)
        }
        guard plan.drafting == nil || options.window == nil else { throw SessionError.draftsInWindow }
    }
}

/// Where the server listens, whom it lets in and how much it takes on.
struct ServerOptions: ParsableArguments {
    @Option(help: "The address to listen at; 0.0.0.0 lets other machines in.")
    var host = "127.0.0.1"

    @Option(parsing: .unconditional, help: "The port; 0 takes a free one.")
    var port = 8080

    @Option(
        help: ArgumentHelp(
            "What clients must send as Authorization: Bearer KEY (default: VOLLEY_API_KEY, else no key).",
            valueName: "key"))
    var apiKey: String?

    @Option(
        help: ArgumentHelp(
            "Let browsers use the server from pages of this origin, or * (default: none).", valueName: "origin"))
    var cors: String?

    @Option(parsing: .unconditional, help: "Most sequences that are decoded together, 1 to 32.")
    var maxBatch = ServingLimits().batchSize

    @Option(parsing: .unconditional, help: "Most sequences that wait; more are refused with 429.")
    var maxQueue = ServingLimits().queueLength

    @Option(help: ArgumentHelp("Most memory for keys and values.", valueName: "bytes"))
    var kvBudget = ByteSize(byteCount: ServingLimits().kvByteCount)

    @Option(parsing: .unconditional, help: "Most tokens of a prompt (default: the context).")
    var maxPrompt: Int?

    @Option(parsing: .unconditional, help: "Most tokens of an answer.")
    var maxTokens = ServingLimits().answerTokens

    @Option(parsing: .unconditional, help: "Largest factor that a request may name, 1 to 16.")
    var maxMtd = ServingLimits().factor

    @Option(help: ArgumentHelp("Largest body of a request.", valueName: "bytes"))
    var maxBody = ByteSize(byteCount: ServingLimits().bodyByteCount)

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Let a client go that takes nothing of its answer for so long.", valueName: "seconds"))
    var writeTimeout = ServerConfiguration().writeTimeout

    func validate() throws {
        try check("--port", port, 0...65535)
        try check("--max-batch", maxBatch, ServingLimits.batchSizes)
        try check("--max-queue", maxQueue, 1...100_000)
        try check("--max-prompt", maxPrompt ?? 1, 1...1 << 24)
        try check("--max-tokens", maxTokens, 1...1 << 24)
        try check("--max-mtd", maxMtd, MultiTokenPlan.factors)
        try check("--write-timeout", writeTimeout, 1...86_400)
        if apiKey == "" { throw ValidationError("--api-key is empty; give a key, or leave it out") }
    }

    private func check(_ name: String, _ value: Int, _ range: ClosedRange<Int>) throws {
        guard range.contains(value) else {
            throw ValidationError("\(name) is \(value); give a number from \(range.lowerBound) to \(range.upperBound)")
        }
    }

    func limits() -> ServingLimits {
        var limits = ServingLimits()
        limits.batchSize = maxBatch
        limits.queueLength = maxQueue
        limits.kvByteCount = kvBudget.byteCount
        limits.promptTokens = maxPrompt
        limits.answerTokens = maxTokens
        limits.factor = maxMtd
        limits.bodyByteCount = maxBody.byteCount
        return limits
    }

    func configuration() -> ServerConfiguration {
        var configuration = ServerConfiguration()
        configuration.host = host
        configuration.port = port
        let environment = ProcessInfo.processInfo.environment["VOLLEY_API_KEY"].flatMap { $0.isEmpty ? nil : $0 }
        configuration.key = apiKey ?? environment
        configuration.allowedOrigin = cors
        configuration.writeTimeout = writeTimeout
        return configuration
    }
}

/// Warnings and worse on standard error: what the libraries say of every connection is nobody's concern.
private struct QuietLog: LogHandler {
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.warning

    init(label: String) {}

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) { StandardError.write("volley: \(event.message)\n") }
}

/// Why there is no server, in one sentence.
enum ServeError: Error, CustomStringConvertible {
    case failed(host: String, port: Int, reason: String)
    case otherTrunk(plan: String, headLayers: Int)
    case ownWeights(plan: String)

    var description: String {
        switch self {
        case .failed(let host, let port, let reason):
            "cannot serve at \(host):\(port): \(reason); choose another --host or --port, or stop what uses it"
        case .otherTrunk(let plan, let headLayers):
            "\(plan) cuts the model elsewhere than other requests expect; add --head-layers \(headLayers) to cut it there for all"
        case .ownWeights(let plan):
            "\(plan) changes the weights that other requests share; decode with it by generate or chat, or serve another plan"
        }
    }
}
