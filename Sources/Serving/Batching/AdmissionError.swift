/// Why a job is refused, in one sentence.
package enum AdmissionError: Error, Equatable, CustomStringConvertible {
    case queueFull(limit: Int)
    case stopping
    case tooLarge(positions: Int, byteCount: Int, _ budget: Int)

    package var description: String {
        switch self {
        case .queueFull(let limit): "\(limit) requests are waiting already; try again in a while"
        case .tooLarge(let positions, let byteCount, let budget):
            "prompt and answer of \(positions) tokens need \(byteCount) bytes of keys and values, and the server has \(budget); "
                + "ask for less"
        case .stopping: "the server is shutting down; ask another one"
        }
    }
}
