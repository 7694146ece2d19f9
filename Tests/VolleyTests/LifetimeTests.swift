import Foundation
import TestSupport
import Testing
import Volley

struct LifetimeTests {
    @Test("100 rounds of loading, generating and releasing leak neither memory nor threads")
    func rounds() async {
        let result = await #expect(processExitsWith: .success, observing: [\.standardOutputContent]) {
            var memory = 0
            for round in 0..<100 {
                try await Self.round(dropsEarly: round.isMultiple(of: 2))
                if round == 50 { memory = Self.peakMemory() }
            }
            // Fifty rounds fill a sanitizer's quarantine of freed memory. A leaked model would add 10 MB per round.
            let grown = Self.peakMemory() - memory
            let threads = try await Self.threadsLeft()
            print("100 rounds: peak memory grew \(grown >> 10) KiB after the first 50; \(threads) threads are left")
            precondition(grown < 32 << 20 && threads < 16)
        }
        print(String(decoding: result?.standardOutputContent ?? [], as: UTF8.self))
    }

    private static func round(dropsEarly: Bool) async throws {
        let model = try await Model.load(Goldens.embedded)
        let session = model.session(SessionOptions(threadCount: 2))
        var count = 0
        for try await _ in session.generate("In the beginning", plan: .multiToken(4)) {
            count += 1
            if count == 4, dropsEarly { return }
        }
    }

    /// Peak memory of the process, in bytes.
    private static func peakMemory() -> Int {
        var usage = rusage()
        // 0 is RUSAGE_SELF, which has another type on every system.
        getrusage(0, &usage)
        #if os(Linux)
            return usage.ru_maxrss * 1024
        #else
            return usage.ru_maxrss
        #endif
    }

    /// The number of threads of the process after ending threads had a moment; 0 if the system does not tell.
    private static func threadsLeft() async throws -> Int {
        try await Task.sleep(for: .milliseconds(100))
        return (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/task").count) ?? 0
    }
}
