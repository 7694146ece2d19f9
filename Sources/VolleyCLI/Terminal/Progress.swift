@preconcurrency import Dispatch
import Synchronization

/// Shows on a terminal what is running if it takes more than a second, and clears the line at the end.
final class Progress: Sendable {
    private let timer: (any DispatchSourceTimer)?
    private let queue = DispatchQueue(label: "progress")
    private let isShown = Atomic(false)

    init(_ what: String) {
        guard StandardError.isTerminal else {
            timer = nil
            return
        }
        let start = ContinuousClock.now
        let timer = DispatchSource.makeTimerSource(queue: queue)
        self.timer = timer
        timer.schedule(deadline: .now() + 1, repeating: 0.5)
        timer.setEventHandler { [weak self] in
            guard let self, !timer.isCancelled else { return }
            isShown.store(true, ordering: .relaxed)
            StandardError.write("\r\(what): \((ContinuousClock.now - start).components.seconds) s\u{1B}[K")
        }
        timer.resume()
    }

    /// Ends the display. Further calls have no effect.
    func end() {
        guard let timer, !timer.isCancelled else { return }
        timer.cancel()
        queue.sync {}
        if isShown.load(ordering: .relaxed) { StandardError.write("\r\u{1B}[K") }
    }

    /// Shows progress while `work` runs.
    static func during<Result>(_ what: String, _ work: () throws -> Result) rethrows -> Result {
        let progress = Progress(what)
        defer { progress.end() }
        return try work()
    }
}
