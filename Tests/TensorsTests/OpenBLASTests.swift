#if OpenBLAS
    import COpenBLAS
    import Foundation
    import Tensors
    import TestSupport
    import Testing

    struct OpenBLASTests {
        @Test(
            "concurrent matmuls restore the program's own OpenBLAS thread count",
            .enabled(if: ProcessInfo.processInfo.environment["OPENBLAS_NUM_THREADS"] == nil))
        func threadCount() async throws {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for seed in 1...4 {
                    group.addTask {
                        var generator = SeededGenerator(seed: UInt64(seed))
                        let stored = StoredValues(rows: 40, columns: 64, format: .f32, using: &generator)
                        let input = randomActivations(20 * 64, using: &generator)
                        for _ in 0..<20 {
                            _ = try LinearTests.multiply(
                                Linear([stored.matrix]), input, rowCount: 20, threadCount: seed, maximumRows: 20)
                        }
                    }
                }
                try await group.waitForAll()
            }
            // Other tests may be inside a matmul now.
            let deadline = ContinuousClock.now + .seconds(30)
            while openblas_get_num_threads() == 1, ContinuousClock.now < deadline {
                try await Task.sleep(for: .milliseconds(1))
            }
            #expect(openblas_get_num_procs() == 1 || openblas_get_num_threads() > 1)
        }
    }
#endif
