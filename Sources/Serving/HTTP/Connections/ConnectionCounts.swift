import NIOConcurrencyHelpers
import NIOCore

/// Counts open connections, of each address too. Any thread may use it.
final class ConnectionCounts: Sendable {
    private let limits: ConnectionLimits
    private let counts = NIOLockedValueBox<[String: Int]>([:])

    init(_ limits: ConnectionLimits) { self.limits = limits }

    /// Counts a connection until `end` is called; returns false if there are too many.
    func begin(_ address: String) -> Bool {
        counts.withLockedValue { counts in
            let own = counts[address] ?? 0
            let total = counts.values.reduce(0, +)
            guard total < limits.count, own < limits.countPerAddress else { return false }
            counts[address] = own + 1
            return true
        }
    }

    func end(_ address: String) {
        counts.withLockedValue { counts in counts[address] = counts[address].flatMap { $0 > 1 ? $0 - 1 : nil } }
    }
}

extension SocketAddress {
    /// The address without the port. An IPv6 client has a network of 64 bits, so that network counts as one.
    var clientAddress: String {
        guard case .v6(let address) = self, let text = ipAddress, !text.hasPrefix("::") else {
            return ipAddress ?? "local"
        }
        let network = withUnsafeBytes(of: address.address) { Array($0.dropFirst(8).prefix(8)) }
        return network.map { String($0, radix: 16) }.joined(separator: ".") + "/64"
    }
}
