import Logging
import NIOSSL

/// A server's address, whom it serves, and the connections that it accepts.
package struct ServerConfiguration: Sendable {
    package var host = "127.0.0.1"
    package var port = 8080
    /// The keys, one of which clients must send; nil for none.
    package var keys: KeyRing?
    /// Names that the server goes by, beside the one that it listens at; `*` for any.
    package var allowedHosts: [String] = []
    /// The origins whose pages may use the server from a browser; `*` for any.
    package var allowedOrigins: [String] = []
    /// Certificates and key; nil for plain HTTP.
    package var tls: TLSConfiguration?
    /// Gets a line for each request; nil for none.
    package var accessLog: Logger?
    package var connections = ConnectionLimits()
    /// Bytes of all bodies that arrive or wait to be read.
    package var bodyByteCount = 128 << 20
    /// Seconds for the last answers once the server shuts down.
    package var shutdownTimeout = 30

    package init() {}
}
