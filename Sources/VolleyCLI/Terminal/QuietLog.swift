#if Server
    import Logging

    /// Logs warnings and errors to standard error. Libraries' messages about each connection are dropped.
    struct QuietLog: LogHandler {
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.warning

        init(label: String) {}

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) { StandardError.write("volley: \(event.message)\n") }
    }
#endif
