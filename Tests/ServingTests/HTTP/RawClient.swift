import Dispatch
import Foundation

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A client that sends bytes as they are, at its own pace.
struct RawClient: Sendable {
    let port: Int
    /// The address that the client connects from.
    var source = "127.0.0.1"

    enum Step: Sendable {
        case send(String)
        case pause(Double)
        /// Says that nothing more will be sent, and reads on.
        case closeHalf
        /// Closes the connection without reading.
        case leave
        /// Reads until the answer so far contains a text.
        case readTo(String)
    }

    /// Takes the steps, then reads to the end of the connection.
    func run(_ steps: Step...) async throws -> String { try await run(steps) }

    func run(_ steps: [Step]) async throws -> String {
        // Blocking calls would hold the threads that the server's tasks need.
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue(label: "client").async { continuation.resume(with: Result { try runNow(steps) }) }
        }
    }

    /// A whole exchange on a connection of its own.
    func post(_ path: String, _ body: String, headers: [String] = []) async throws -> String {
        try await run(.send(Self.post(path, body, headers: headers + ["Connection: close"])))
    }

    static func post(_ path: String, _ body: String, headers: [String] = []) -> String {
        let lines = [
            "POST \(path) HTTP/1.1", "Host: 127.0.0.1", "Content-Type: application/json",
            "Content-Length: \(body.utf8.count)",
        ]
        return (lines + headers).joined(separator: "\r\n") + "\r\n\r\n" + body
    }

    static func get(_ path: String, headers: [String] = []) -> String {
        (["GET \(path) HTTP/1.1", "Host: 127.0.0.1"] + headers).joined(separator: "\r\n") + "\r\n\r\n"
    }

    private func runNow(_ steps: [Step]) throws -> String {
        let socket = try connected()
        defer { close(socket) }
        var received: [UInt8] = []
        for step in steps {
            switch step {
            case .send(let text): send(Array(text.utf8), to: socket)
            case .pause(let seconds): usleep(UInt32(seconds * 1_000_000))
            case .closeHalf: shutdown(socket, Int32(SHUT_WR))
            case .leave: return ""
            case .readTo(let end):
                while !String(decoding: received, as: UTF8.self).contains(end), read(socket, &received) {}
            }
        }
        while read(socket, &received) {}
        return String(decoding: received, as: UTF8.self)
    }

    private func connected() throws -> Int32 {
        let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var limit = timeval(tv_sec: 60, tv_usec: 0)
        setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        let isBound = call(bind, socket, source, 0) == 0
        guard isBound, call(connect, socket, "127.0.0.1", UInt16(port)) == 0 else {
            close(socket)
            throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO)
        }
        return socket
    }

    private func call(
        _ function: (Int32, UnsafePointer<sockaddr>?, socklen_t) -> Int32, _ socket: Int32, _ host: String,
        _ port: UInt16
    ) -> Int32 {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        inet_pton(AF_INET, host, &address.sin_addr)
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                function(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }

    /// Sends what the server takes: it may have closed the connection.
    private func send(_ bytes: [UInt8], to socket: Int32) {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                sendto(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL), nil, 0)
            }
            guard count > 0 else { return }
            sent += count
        }
    }

    /// Appends what comes; false at the end.
    private func read(_ socket: Int32, _ received: inout [UInt8]) -> Bool {
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        let count = recv(socket, &buffer, buffer.count, 0)
        guard count > 0 else { return false }
        received += buffer.prefix(count)
        return true
    }
}
