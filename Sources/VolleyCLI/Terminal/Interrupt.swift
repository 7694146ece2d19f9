@preconcurrency import Dispatch
import Synchronization

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Records Ctrl-C, so that commands can check for it between passes, rather than end at once.
final class Interrupt: Sendable {
    private let pressed = Atomic(false)
    private let source: any DispatchSourceSignal

    init() {
        signal(SIGINT, SIG_IGN)
        let source = DispatchSource.makeSignalSource(signal: SIGINT, queue: .global())
        self.source = source
        source.setEventHandler { [weak self] in self?.pressed.store(true, ordering: .relaxed) }
        source.resume()
    }

    var isPressed: Bool { pressed.load(ordering: .relaxed) }

    func reset() { pressed.store(false, ordering: .relaxed) }
}
