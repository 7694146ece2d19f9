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
                Requests are decoded together. Each may name a factor in the field "mtd". After Ctrl-C or SIGTERM the server \
                accepts no more requests, and ends when the last one is answered.

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
                ServedModel(served, plan: plan, rule: self.plan.rule.overrides, limits: limits, chat: chat),
                engine: engine,
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

        /// Refuses a plan that changes the weights or the trunk/head split, which all requests share.
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
#endif
