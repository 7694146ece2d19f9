#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// One thread's place in the team.
final class Worker: Sendable {
    private let gate: Gate
    private let member: Int
    private let isPinned: Bool

    init(gate: Gate, member: Int, isPinned: Bool) {
        self.gate = gate
        self.member = member
        self.isPinned = isPinned
    }

    private func work() {
        if isPinned { Processors.bindCurrentThread(to: member) }
        gate.work(member: member)
    }

    /// - Returns: `nil` where the system refuses.
    func start() -> pthread_t? {
        #if canImport(Darwin)
            var thread: pthread_t?
        #else
            var thread = pthread_t()
        #endif
        let retained = Unmanaged.passRetained(self)
        let status = pthread_create(
            &thread, nil,
            { context in
                #if canImport(Darwin)
                    let worker = Unmanaged<Worker>.fromOpaque(context).takeRetainedValue()
                #else
                    guard let context else { return nil }
                    let worker = Unmanaged<Worker>.fromOpaque(context).takeRetainedValue()
                #endif
                worker.work()
                return nil
            }, retained.toOpaque())
        guard status == 0 else {
            retained.release()
            return nil
        }
        return thread
    }
}
