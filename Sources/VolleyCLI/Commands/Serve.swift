#if Server
    import ArgumentParser
    import Foundation
    import Logging
    import Serving
    import Volley

    struct Serve: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Serve a model by OpenAI's API, with a page to try it.",
            discussion: """
                Requests are decoded together. Each may name a factor in the field "mtd", or \
                another plan in "plan". After Ctrl-C or SIGTERM the server \
                accepts no more requests, and ends when the last one is answered, after \
                --shutdown-timeout seconds at the latest. A second Ctrl-C ends it at once.

                EXAMPLES
                  volley serve
                  volley serve --model DMTD-Qwen3-4B --mtd 4 --port 9000
                  VOLLEY_API_KEY=secret volley serve --model Qwen3-0.6B --host 0.0.0.0
                """)

        @OptionGroup(title: "Model") var model: ModelOptions
        @OptionGroup(title: "Prompt cache") var cache: CacheOptions
        @OptionGroup(title: "Decoding, for requests without mtd and plan") var plan: PlanOptions
        @OptionGroup(title: "Chats, for requests that do not say otherwise") var template: TemplateOptions
        @OptionGroup(title: "Server") var server: ServerOptions

        @Option(
            help: ArgumentHelp(
                "When a draft becomes a token of a sampled answer: exact or distribution, as for `generate`.",
                valueName: "rule"))
        var verifyRule: VerifyRule = .exact

        @Flag(
            help:
                "Tell in timings and /metrics how often vanilla would have chosen an answer's tokens, where the plan allows it."
        )
        var meter = false

        func validate() throws {
            guard !model.screen else {
                throw ValidationError(
                    "--screen finds one sequence's next token, and requests are decoded together; leave it out")
            }
        }

        func run() async throws {
            let options = try cache.applied(to: model.sessionOptions())
            let loaded = try Progress.during("loading the model") { try model.load(self.plan.drafts) }.model
            loaded.generationDefaults.warn()
            let plan = try plan.resolve(for: loaded, options: options).shared(in: loaded)
            if let error = PlanSharingError(plan, loaded) { throw error }
            let limits = server.limits()
            let (served, chat) = try template.applied(to: loaded)
            let prompt = (try? served.tokens(of: [.user("Hi")], chat)) ?? []
            if let warning = served.tokenizer?.warning(forPrompt: prompt) { StandardError.warn(warning) }
            let engine = try BatchEngine(loaded, options: options, limits: limits, metrics: ServingMetrics())
            let configuration = try server.configuration()
            let keys = configuration.keys
            let address = server.host.contains(":") ? "[\(server.host)]" : server.host
            let url = "\(configuration.tls == nil ? "http" : "https")://\(address)"
            let name = loaded.name
            let service = try Server(
                ServedModel(
                    served, plan: plan, rule: self.plan.rule.overrides, limits: limits, chat: chat,
                    verifyRule: verifyRule, isMetered: meter, thinkingBudget: template.think?.budget),
                engine: engine,
                configuration: configuration, logger: Logger(label: "volley", factory: QuietLog.init)
            ) { port in
                StandardError.write("volley: \(name), \(plan.option), at \(url):\(port)\n")
            }
            let files = server
            let signals = ServerSignals(endingAfter: Double(server.shutdownTimeout) + 0.8) {
                Task { await service.stop() }
            } reload: {
                do { keys?.replace(by: try files.keys()) } catch { StandardError.warn("\(error); the old keys stay") }
            }
            defer { withExtendedLifetime(signals) {} }
            do {
                try await service.run()
            } catch {
                throw ServeError(host: address, port: server.port, reason: "\(error)")
            }
        }
    }
#endif
