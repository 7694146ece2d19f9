#if Server
    @preconcurrency import Dispatch
    import Foundation
    import Synchronization

    /// Ends a server on SIGTERM or Ctrl-C: the first one lets it answer, a second one ends the process at once. SIGHUP makes it
    /// read its files again.
    final class ServerSignals: Sendable {
        private let isStopping = Atomic(false)
        /// Of its own, so that nothing that the server does can block it.
        private let queue = DispatchQueue(label: "volley-signals")
        private let sources: [any DispatchSourceSignal]

        /// - Parameters:
        ///   - seconds: time from the first signal after which the process ends, whatever the server does.
        ///   - stop: called on the first signal.
        ///   - reload: called on SIGHUP.
        init(
            endingAfter seconds: Double, stop: @escaping @Sendable () -> Void, reload: @escaping @Sendable () -> Void
        ) {
            let queue = queue
            let numbers = [SIGTERM, SIGINT, SIGHUP]
            sources = numbers.map { DispatchSource.makeSignalSource(signal: $0, queue: queue) }
            for (number, source) in zip(numbers, sources) {
                signal(number, SIG_IGN)
                source.setEventHandler { [self] in
                    guard number != SIGHUP else { return reload() }
                    guard !isStopping.exchange(true, ordering: .relaxed) else { _exit(128 + number) }
                    stop()
                    queue.asyncAfter(deadline: .now() + seconds) {
                        StandardError.warn("the server did not end in time, and was stopped")
                        _exit(0)
                    }
                }
                source.resume()
            }
        }
    }
#endif
