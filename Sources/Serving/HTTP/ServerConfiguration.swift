/// A server's address and the connections that it accepts.
package struct ServerConfiguration: Sendable {
    package var host = "127.0.0.1"
    package var port = 8080
    /// The API key that clients must send as `Authorization: Bearer KEY`; nil for none.
    package var key: String?
    /// The origin whose pages may use the server from a browser, `*` for any; nil for none.
    package var allowedOrigin: String?
    /// Most connections at the same time.
    package var connections = 1024
    /// Close a connection that has read nothing of its answer for this many seconds.
    package var writeTimeout = 30

    package init() {}
}
