/// Why the server cannot start, in one sentence.
enum ServeError: Error, CustomStringConvertible {
    case failed(host: String, port: Int, reason: String)
    case otherTrunk(plan: String, headLayers: Int)
    case ownWeights(plan: String)

    var description: String {
        switch self {
        case .failed(let host, let port, let reason):
            "cannot serve at \(host):\(port): \(reason); choose another --host or --port, or stop what uses it"
        case .otherTrunk(let plan, let headLayers):
            "\(plan) cuts the model elsewhere than other requests expect; add --head-layers \(headLayers) to cut it there for all"
        case .ownWeights(let plan):
            "\(plan) changes the weights that other requests share; decode with it by generate or chat, or serve another plan"
        }
    }
}
