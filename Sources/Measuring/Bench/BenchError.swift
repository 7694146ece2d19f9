import Tensors

/// Why a measurement cannot be made, in one sentence.
package enum BenchError: Error, Equatable, CustomStringConvertible {
    case format(StorageFormat, columns: Int, shape: String)
    case tooLong(tokens: Int, contextLength: Int)
    case tokensDiffer(plan: String, place: Int)

    package var description: String {
        switch self {
        case .format(let format, let columns, let shape):
            "\(shape) has rows of \(columns) values, which are no whole blocks of \(format.rawValue) "
                + "(\(format.valuesPerBlock) values); give another --format"
        case .tooLong(let tokens, let contextLength):
            "the measurement takes \(tokens) positions, but the model's context has \(contextLength); "
                + "give a smaller prompt, depth or number of tokens"
        case .tokensDiffer(let plan, let place):
            "decoding with --mtd \(plan) twice, or once and in one pass, gives different tokens at place \(place): "
                + "this build computes wrongly on this machine, so its speed means nothing"
        }
    }
}
