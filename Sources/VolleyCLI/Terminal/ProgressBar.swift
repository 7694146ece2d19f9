import Foundation
import Synchronization
import Volley

/// A progress bar on a terminal. It shows nothing elsewhere, or during the first second.
final class ProgressBar: Sendable {
    private static let width = 30

    private let what: String
    private let start = ContinuousClock.now
    private let lastPercent = Mutex(-1)

    init(_ what: String) { self.what = what }

    /// - Parameter share: the share of work that is done, from 0 to 1.
    func show(_ share: Double) {
        guard StandardError.isTerminal, ContinuousClock.now - start > .seconds(1) else { return }
        let percent = Int(100 * share)
        let isNew = lastPercent.withLock { last in
            defer { last = max(last, percent) }
            return percent > last
        }
        guard isNew else { return }
        let filled = Int(Double(Self.width) * share)
        let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: Self.width - filled)
        StandardError.write("\r\(what) \(bar) \(percent) %\u{1B}[K")
    }

    /// Clears the bar.
    func end() {
        if lastPercent.withLock({ last in
            defer { last = -1 }
            return last >= 0
        }) {
            StandardError.write("\r\u{1B}[K")
        }
    }
}
