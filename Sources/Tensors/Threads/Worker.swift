#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A thread of the team other than the calling one.
final class Worker: Sendable {
    private let barrier: Barrier
    private let member: Int
    private let isPinned: Bool

    init(barrier: Barrier, member: Int, isPinned: Bool) {
        self.barrier = barrier
        self.member = member
        self.isPinned = isPinned
    }

    private func work() {
        if isPinned { Processors.bindCurrentThread(to: member) }
        barrier.work(member: member)
    }

    /// - Returns: nil if the system cannot start a thread.
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
