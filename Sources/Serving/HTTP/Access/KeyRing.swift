import NIOConcurrencyHelpers
import Tensors

/// The keys that a server accepts, and the tokens that each has left. Any thread may use it.
package final class KeyRing: Sendable {
    private struct State {
        var keys: [APIKey]
        var allowances: [String: TokenAllowance] = [:]
    }

    private let state: NIOLockedValueBox<State>

    package init(_ keys: [APIKey]) { state = NIOLockedValueBox(State(keys: keys)) }

    var isEmpty: Bool { state.withLockedValue { $0.keys.isEmpty } }

    /// Accepts these keys from now on, and no others. What their holders have used stays counted.
    package func replace(by keys: [APIKey]) { state.withLockedValue { $0.keys = keys } }

    /// The key with this secret. The time that this takes depends neither on where the secret differs nor on which key it is.
    package func key(_ secret: some Collection<UInt8>) -> APIKey? {
        let keys = state.withLockedValue { $0.keys }
        var found: APIKey?
        for key in keys where Self.areEqual(Array(secret), Array(key.secret.utf8)) { found = key }
        return found
    }

    private static func areEqual(_ given: [UInt8], _ key: [UInt8]) -> Bool {
        var difference = UInt8(given.count == key.count ? 0 : 1)
        for (index, byte) in given.enumerated() { difference |= byte ^ key[index % key.count] }
        return difference == 0
    }

    /// Seconds until the key's holder may send a request; 0 for now.
    package func wait(of key: APIKey, at now: ContinuousClock.Instant = .now) -> Double {
        guard let name = key.name, let limit = key.tokensPerMinute else { return 0 }
        return state.withLockedValue { state in
            state.allowances[name, default: TokenAllowance(limit, at: now)].wait(limit, at: now)
        }
    }

    /// Counts tokens of a prompt or an answer.
    package func charge(_ tokens: Int, to key: APIKey, at now: ContinuousClock.Instant = .now) {
        guard let name = key.name, let limit = key.tokensPerMinute else { return }
        state.withLockedValue { state in
            state.allowances[name, default: TokenAllowance(limit, at: now)].charge(tokens, limit, at: now)
        }
    }
}

/// The tokens that a key's holder has left: they come back evenly, up to a minute's. A request may use more than are left; the
/// next one then waits.
private struct TokenAllowance {
    private var left: Double
    private var time: ContinuousClock.Instant

    init(_ limit: Int, at now: ContinuousClock.Instant) {
        left = Double(limit)
        time = now
    }

    mutating func charge(_ tokens: Int, _ limit: Int, at now: ContinuousClock.Instant) {
        update(limit, at: now)
        left -= Double(tokens)
    }

    mutating func wait(_ limit: Int, at now: ContinuousClock.Instant) -> Double {
        update(limit, at: now)
        return left > 0 ? 0 : (1 - left) * 60 / Double(limit)
    }

    private mutating func update(_ limit: Int, at now: ContinuousClock.Instant) {
        left = min(left + Double(limit) / 60 * max((now - time).seconds, 0), Double(limit))
        time = now
    }
}
