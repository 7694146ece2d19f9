#if os(Linux)
    import CLinux
#endif

/// The processors that the process may use.
enum Processors {
    /// Keeps the calling thread on the processor of that place among those that the process may use, counted around.
    /// Does nothing where the system has no way to say so.
    static func bindCurrentThread(to place: Int) {
        #if os(Linux)
            guard !allowed.isEmpty else { return }
            bind([allowed[place % allowed.count]])
        #endif
    }

    /// Lets the calling thread run anywhere again.
    static func releaseCurrentThread() {
        #if os(Linux)
            bind(allowed)
        #endif
    }

    #if os(Linux)
        /// As they were before the first thread was bound.
        private static let allowed: [Int] = {
            var set = cpu_set_t()
            guard sched_getaffinity(0, MemoryLayout<cpu_set_t>.size, &set) == 0 else { return [] }
            return withUnsafeBytes(of: &set) { bytes in
                (0..<8 * bytes.count).filter { bytes[$0 / 8] >> ($0 % 8) & 1 == 1 }
            }
        }()

        private static func bind(_ processors: [Int]) {
            var set = cpu_set_t()
            withUnsafeMutableBytes(of: &set) { bytes in
                for processor in processors { bytes[processor / 8] |= 1 << (processor % 8) }
            }
            // A refusal costs speed alone.
            _ = sched_setaffinity(0, MemoryLayout<cpu_set_t>.size, &set)
        }
    #endif
}
