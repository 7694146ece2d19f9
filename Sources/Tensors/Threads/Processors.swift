#if os(Linux)
    import CLinux
#endif

/// CPU affinity of threads, within the processors that the process may use.
enum Processors {
    /// Binds the calling thread to allowed processor number `index`, modulo their count. Does nothing on systems
    /// without affinity.
    static func bindCurrentThread(to index: Int) {
        #if os(Linux)
            guard !allowed.isEmpty else { return }
            bind([allowed[index % allowed.count]])
        #endif
    }

    /// Lets the calling thread run on all allowed processors again.
    static func releaseCurrentThread() {
        #if os(Linux)
            bind(allowed)
        #endif
    }

    #if os(Linux)
        /// Read before the first thread is bound.
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
            // Failure affects speed only.
            _ = sched_setaffinity(0, MemoryLayout<cpu_set_t>.size, &set)
        }
    #endif
}
