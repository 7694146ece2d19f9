import COpenBLAS
import Synchronization

/// The matmuls of OpenBLAS, on the calling thread.
enum OpenBLAS {
    /// output[m, n] = Σ weights[n, k] · input[m, k].
    ///
    /// - Parameters:
    ///   - input: [rowCount, columns]
    ///   - weights: [weightRows, columns]
    ///   - output: [rowCount, weightRows], rows `outputStride` floats apart.
    static func multiply(
        _ input: UnsafePointer<Float>, rowCount: Int, _ weights: UnsafePointer<Float>, weightRows: Int, columns: Int,
        output: UnsafeMutablePointer<Float>, outputStride: Int
    ) {
        cblas_sgemm(
            CblasRowMajor, CblasNoTrans, CblasTrans, blasint(rowCount), blasint(weightRows), blasint(columns), 1, input,
            blasint(columns), weights, blasint(columns), 0, output, blasint(outputStride))
    }

    /// Runs `body` with OpenBLAS limited to the calling thread, as the team shares the work already.
    ///
    /// The limit applies to the whole process, so the last of concurrent calls restores the previous value. Until then the
    /// program's own calls of OpenBLAS use one thread too.
    static func withOneThread(_ body: () -> Void) {
        threads.withLock { threads in
            if threads.users == 0 {
                threads.count = openblas_get_num_threads()
                openblas_set_num_threads(1)
            }
            threads.users += 1
        }
        body()
        threads.withLock { threads in
            threads.users -= 1
            if threads.users == 0 { openblas_set_num_threads(threads.count) }
        }
    }

    /// Concurrent calls of `withOneThread`, and the thread count to restore. Global, as OpenBLAS's setting is.
    private static let threads = Mutex((users: 0, count: Int32(1)))
}
