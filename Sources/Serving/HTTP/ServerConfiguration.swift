/// A server's address and the connections that it accepts.
package struct ServerConfiguration: Sendable {
    package var host = "127.0.0.1"
    package var port = 8080
    /// The API key that clients must send as `Authorization: Bearer KEY`; nil for none.
    package var key: String?
    /// The origin whose pages may use the server from a browser, `*` for any; nil for none.
    package var allowedOrigin: String?
    package var connections = ConnectionLimits()
    /// Bytes of all bodies that arrive or wait to be read.
    package var bodyByteCount = 128 << 20
    /// Seconds for the last answers once the server shuts down.
    package var shutdownTimeout = 30

    package init() {}
}
