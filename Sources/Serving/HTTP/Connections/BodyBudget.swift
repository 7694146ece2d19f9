import NIOConcurrencyHelpers

/// The memory for the bodies of requests that arrive or wait to be read. Any thread may use it.
///
/// The first bytes of every body are free, so that large bodies of some lock out no small ones of others. The number of
/// connections bounds those.
package final class BodyBudget: Sendable {
    package static let freeByteCount = 1 << 16

    private let byteCount: Int
    private let taken = NIOLockedValueBox<[String: Int]>([:])

    /// - Parameter byteCount: of all bodies; one client gets half of it.
    package init(byteCount: Int) { self.byteCount = byteCount }

    /// Returns whether `count` more bytes are left for the client.
    package func take(_ count: Int, for client: String) -> Bool {
        taken.withLockedValue { taken in
            let own = (taken[client] ?? 0) + count
            guard own <= byteCount / 2, taken.values.reduce(count, +) <= byteCount else { return false }
            taken[client] = own
            return true
        }
    }

    package func give(_ count: Int, for client: String) {
        taken.withLockedValue { taken in taken[client] = taken[client].flatMap { $0 > count ? $0 - count : nil } }
    }
}

/// A request's body, which counts against the budget until it is dropped.
final class RequestBytes: @unchecked Sendable {
    // Sendable: only `append` changes it, while one task reads the body.
    private(set) var bytes: [UInt8] = []
    private let budget: BodyBudget
    private let client: String
    private var taken = 0

    init(_ budget: BodyBudget, client: String) {
        self.budget = budget
        self.client = client
    }

    deinit { if taken > 0 { budget.give(taken, for: client) } }

    /// Returns false if the budget does not suffice.
    func append(_ more: some Collection<UInt8>) -> Bool {
        let over = max(bytes.count + more.count - BodyBudget.freeByteCount, 0) - taken
        if over > 0 {
            guard budget.take(over, for: client) else { return false }
            taken += over
        }
        bytes += more
        return true
    }
}
