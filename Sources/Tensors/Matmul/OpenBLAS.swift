import Synchronization

#if OpenBLAS
    import COpenBLAS
#endif

/// The matmuls of OpenBLAS, if the package is built with the trait of that name.
package enum OpenBLAS {
    static var isAvailable: Bool {
        #if OpenBLAS
            true
        #else
            false
        #endif
    }

    /// Its version and the kernels that it chose for this processor, which its rounding depends on.
    package static var name: String {
        #if OpenBLAS
            "\(String(cString: openblas_get_config())) \(String(cString: openblas_get_corename()))"
        #else
            "none"
        #endif
    }

    /// output[m, n] = Σ weights[n, k] · input[m, k].
    ///
    /// - Parameters:
    ///   - input: [rowCount, columns]
    ///   - weights: [weightRows, columns]
    ///   - output: [rowCount, weightRows], rows `outputStride` floats apart.
    /// - Precondition: `isAvailable`.
    static func multiply(
        _ input: UnsafePointer<Float>, rowCount: Int, _ weights: UnsafePointer<Float>, weightRows: Int, columns: Int,
        output: UnsafeMutablePointer<Float>, outputStride: Int
    ) {
        #if OpenBLAS
            cblas_sgemm(
                CblasRowMajor, CblasNoTrans, CblasTrans, blasint(rowCount), blasint(weightRows), blasint(columns), 1,
                input, blasint(columns), weights, blasint(columns), 0, output, blasint(outputStride))
        #else
            preconditionFailure("built without OpenBLAS")
        #endif
    }

    /// Runs `body` with OpenBLAS limited to the calling thread, as the team shares the work already.
    ///
    /// The limit applies to the whole process, so the last of concurrent calls restores the previous value. Until then the
    /// program's own calls of OpenBLAS use one thread too.
    static func withOneThread(_ body: () -> Void) {
        #if OpenBLAS
            callers.withLock { callers in
                if callers.count == 0 {
                    callers.restoredThreadCount = openblas_get_num_threads()
                    openblas_set_num_threads(1)
                }
                callers.count += 1
            }
            defer {
                callers.withLock { callers in
                    callers.count -= 1
                    if callers.count == 0 { openblas_set_num_threads(callers.restoredThreadCount) }
                }
            }
        #endif
        body()
    }

    /// Concurrent calls of `withOneThread`. Global, as OpenBLAS's setting is.
    private static let callers = Mutex((count: 0, restoredThreadCount: Int32(1)))
}
