/// Why the server cannot start, in one sentence.
struct ServeError: Error, CustomStringConvertible {
    let host: String
    let port: Int
    let reason: String

    var description: String {
        "cannot serve at \(host):\(port): \(reason); choose another --host or --port, or stop what uses it"
    }
}
