/// Limits of connections, and of the time that requests may take to arrive and answers to be read.
package struct ConnectionLimits: Sendable {
    /// Most connections at the same time.
    package var count = 1024
    /// Most connections of one address.
    package var countPerAddress = 512
    /// Seconds between two requests of a connection.
    package var idleSeconds = 75
    /// Seconds for a request's head to arrive, whatever the pace of its bytes.
    package var headSeconds = 20
    /// Seconds for a request's body to arrive, whatever the pace of its bytes.
    package var bodySeconds = 60
    /// Seconds for a body to arrive while the server shuts down.
    package var lastBodySeconds = 5
    /// Seconds for a client to read the end of an answer with which the connection ends.
    package var closingSeconds = 2
    /// Close a connection that has read nothing of its answer for this many seconds.
    package var writeSeconds = 30

    package init() {}
}
