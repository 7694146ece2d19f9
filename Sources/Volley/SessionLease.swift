import Synchronization

/// The exclusive use of a session, for as long as the object lives.
final class SessionLease: Sendable {
    private let session: Session

    /// Nil if another generation holds the session.
    init?(of session: Session) {
        guard !session.isTaken.exchange(true, ordering: .acquiringAndReleasing) else { return nil }
        self.session = session
    }

    deinit { session.isTaken.store(false, ordering: .releasing) }
}
