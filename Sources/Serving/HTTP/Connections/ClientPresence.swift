import NIOConcurrencyHelpers

/// Whether a connection's client is still there. Any thread may use it.
package final class ClientPresence: Sendable {
    package enum State: Sendable {
        case present
        /// It sends no more, and may still read: closing half of a connection and closing all of it look the same, until
        /// something is sent.
        case silent
        case gone
    }

    private struct Box {
        var state = State.present
        var isStopping = false
        var onLeaving: (@Sendable () -> Void)?
    }

    private let box = NIOLockedValueBox(Box())

    package init() {}

    package var state: State { box.withLockedValue { $0.state } }

    /// Whether the server is shutting down, so that the connection ends with its next answer.
    var isStopping: Bool { box.withLockedValue { $0.isStopping } }

    /// Calls `action` when the client is gone, or now if it is; nil calls nothing.
    func onLeaving(_ action: (@Sendable () -> Void)?) {
        let isGone = box.withLockedValue { box in
            box.onLeaving = action
            return box.state == .gone
        }
        if isGone { action?() }
    }

    package func change(to state: State) {
        let action = box.withLockedValue { box in
            if box.state != .gone { box.state = state }
            return state == .gone ? box.onLeaving : nil
        }
        action?()
    }

    func stop() { box.withLockedValue { $0.isStopping = true } }
}
