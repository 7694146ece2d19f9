#if Server
    import ArgumentParser
    import Foundation
    import Serving
    import Volley

    /// The server's address, access and limits.
    struct ServerOptions: ParsableArguments {
        @Option(help: "The address to listen on; 0.0.0.0 accepts other machines.")
        var host = "127.0.0.1"

        @Option(parsing: .unconditional, help: "The port; 0 chooses a free one.")
        var port = 8080

        @Option(
            help: ArgumentHelp(
                "The key that clients must send as Authorization: Bearer KEY (default: VOLLEY_API_KEY, else none).",
                valueName: "key"))
        var apiKey: String?

        @Option(
            help: ArgumentHelp(
                "Allow requests from browser pages of this origin, or of any with * (default: none).",
                valueName: "origin"))
        var cors: String?

        @Option(parsing: .unconditional, help: "Maximum sequences that are decoded together, 1 to 32.")
        var maxBatch = ServingLimits().batchSize

        @Option(parsing: .unconditional, help: "Maximum waiting sequences; further requests get status 429.")
        var maxQueue = ServingLimits().queueLength

        @Option(help: ArgumentHelp("Maximum memory for keys and values.", valueName: "bytes"))
        var kvBudget = ByteSize(byteCount: ServingLimits().kvByteCount)

        @Option(parsing: .unconditional, help: "Maximum tokens of a prompt (default: the context).")
        var maxPrompt: Int?

        @Option(parsing: .unconditional, help: "Maximum tokens of an answer.")
        var maxTokens = ServingLimits().answerTokens

        @Option(parsing: .unconditional, help: "Maximum factor of a request, 1 to 16.")
        var maxMtd = ServingLimits().factor

        @Option(help: ArgumentHelp("Maximum size of a request's body.", valueName: "bytes"))
        var maxBody = ByteSize(byteCount: ServingLimits().bodyByteCount)

        @Option(
            parsing: .unconditional,
            help: ArgumentHelp("Close a connection that has read nothing for this many seconds.", valueName: "seconds"))
        var writeTimeout = ConnectionLimits().writeSeconds

        @Option(
            parsing: .unconditional,
            help: ArgumentHelp(
                "Answer 408 to a request whose body has not come whole after this many seconds.", valueName: "seconds"))
        var requestTimeout = ConnectionLimits().bodySeconds

        @Option(
            parsing: .unconditional,
            help: ArgumentHelp(
                "Seconds for the last answers after SIGTERM or Ctrl-C; then they are cut off.", valueName: "seconds"))
        var shutdownTimeout = ServerConfiguration().shutdownTimeout

        @Option(parsing: .unconditional, help: "Maximum connections; further ones get status 503.")
        var maxConnections = ConnectionLimits().count

        @Option(
            parsing: .unconditional,
            help: "Maximum connections of one address (default: half of --max-connections).")
        var maxConnectionsPerAddress: Int?

        func validate() throws {
            try check("--port", port, 0...65535)
            try check("--max-batch", maxBatch, ServingLimits.batchSizes)
            try check("--max-queue", maxQueue, 1...100_000)
            try check("--max-prompt", maxPrompt ?? 1, 1...1 << 24)
            try check("--max-tokens", maxTokens, 1...1 << 24)
            try check("--max-mtd", maxMtd, MultiTokenPlan.factors)
            try check("--write-timeout", writeTimeout, 1...86_400)
            try check("--request-timeout", requestTimeout, 1...86_400)
            try check("--shutdown-timeout", shutdownTimeout, 0...86_400)
            try check("--max-connections", maxConnections, 1...100_000)
            try check("--max-connections-per-address", maxConnectionsPerAddress ?? 1, 1...100_000)
            if apiKey == "" { throw ValidationError("--api-key is empty; give a key, or leave it out") }
        }

        private func check(_ name: String, _ value: Int, _ range: ClosedRange<Int>) throws {
            guard range.contains(value) else {
                throw ValidationError(
                    "\(name) is \(value); give a number from \(range.lowerBound) to \(range.upperBound)")
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
            configuration.shutdownTimeout = shutdownTimeout
            configuration.connections.writeSeconds = writeTimeout
            configuration.connections.bodySeconds = requestTimeout
            configuration.connections.count = maxConnections
            configuration.connections.countPerAddress = maxConnectionsPerAddress ?? max(maxConnections / 2, 1)
            configuration.bodyByteCount = 32 * maxBody.byteCount
            return configuration
        }
    }
#endif
