#if Server
    import Logging

    /// Warnings and worse on standard error: what the libraries say of every connection is nobody's concern.
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
