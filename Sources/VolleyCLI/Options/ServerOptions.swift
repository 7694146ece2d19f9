#if Server
    import ArgumentParser
    import Foundation
    import Logging
    import NIOSSL
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
                "A file of keys: NAME KEY, or NAME KEY TOKENS-PER-MINUTE, on each line. SIGHUP reads it again.",
                valueName: "file"))
        var apiKeyFile: String?

        @Option(
            help: ArgumentHelp(
                "Allow requests from browser pages of this origin, or of any with *; may be repeated (default: none).",
                valueName: "origin"))
        var cors: [String] = []

        @Option(
            help: ArgumentHelp(
                "Answer to this name too, beside addresses and --host, or to any with *; may be repeated.",
                valueName: "name"))
        var allowHost: [String] = []

        @Option(
            help: ArgumentHelp("Serve HTTPS with this certificate chain (PEM); needs --tls-key.", valueName: "file"))
        var tlsCert: String?

        @Option(help: ArgumentHelp("The private key of --tls-cert (PEM).", valueName: "file"))
        var tlsKey: String?

        @Option(
            help: ArgumentHelp(
                "Append a line of JSON for each request to this file, without prompts and answers; - for standard error.",
                valueName: "file"))
        var accessLog: String?

        @Flag(help: "Refuse requests with fields that the server does not know, instead of ignoring them.")
        var strict = false

        @Flag(help: "Let prompts continue from what another key's prompts with the same beginning left.")
        var sharePrefixes = false

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
            if (tlsCert == nil) != (tlsKey == nil) {
                throw ValidationError("--tls-cert and --tls-key go together; give both")
            }
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
            limits.isStrict = strict
            limits.sharesPrefixes = sharePrefixes
            limits.bodyByteCount = maxBody.byteCount
            return limits
        }

        /// - Throws: `ServerFileError` if a file cannot be read, or is not what it should be.
        func configuration() throws -> ServerConfiguration {
            var configuration = ServerConfiguration()
            configuration.host = host
            configuration.port = port
            let keys = try keys()
            configuration.keys = keys.isEmpty ? nil : KeyRing(keys)
            configuration.allowedHosts = allowHost
            configuration.allowedOrigins = cors
            configuration.tls = try tls()
            configuration.accessLog = try accessLog.map { path in
                let file = try LogFile(path: path)
                return Logger(label: "access") { _ in AccessLogHandler(file: file) }
            }
            configuration.shutdownTimeout = shutdownTimeout
            configuration.connections.writeSeconds = writeTimeout
            configuration.connections.bodySeconds = requestTimeout
            configuration.connections.count = maxConnections
            configuration.connections.countPerAddress = maxConnectionsPerAddress ?? max(maxConnections / 2, 1)
            configuration.bodyByteCount = 32 * maxBody.byteCount
            return configuration
        }

        /// The keys of `--api-key`, the environment and `--api-key-file`.
        ///
        /// - Throws: `ServerFileError`.
        func keys() throws -> [APIKey] {
            let environment = ProcessInfo.processInfo.environment["VOLLEY_API_KEY"].flatMap { $0.isEmpty ? nil : $0 }
            let own = (apiKey ?? environment).map { [APIKey(name: nil, secret: $0)] } ?? []
            guard let apiKeyFile else { return own }
            do {
                return own + (try [APIKey](parsing: String(contentsOfFile: apiKeyFile, encoding: .utf8)))
            } catch let error as APIKeyError {
                throw ServerFileError(path: apiKeyFile, problem: "\(error)")
            } catch {
                throw ServerFileError(path: apiKeyFile, problem: "the file cannot be read; give a text file")
            }
        }

        private func tls() throws -> TLSConfiguration? {
            guard let tlsCert, let tlsKey else { return nil }
            let chain: [NIOSSLCertificate]
            do {
                chain = try NIOSSLCertificate.fromPEMFile(tlsCert)
            } catch {
                throw ServerFileError(path: tlsCert, problem: "the file holds no certificates in PEM; give the chain")
            }
            do {
                let key = try NIOSSLPrivateKey(file: tlsKey, format: .pem)
                return .makeServerConfiguration(
                    certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
            } catch {
                throw ServerFileError(
                    path: tlsKey, problem: "the file holds no private key in PEM; give the certificate's")
            }
        }
    }
#endif
