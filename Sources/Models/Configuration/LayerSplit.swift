import JSON
import Weights

/// The number of trunk layers and of head layers.
struct LayerSplit: Equatable {
    let trunk: Int
    let head: Int

    /// Head layers of checkpoints that name none; the paper's number.
    static let defaultHead = 8

    /// - Parameter headLayers: replaces the number that the fields give.
    init(
        _ fields: ConfigurationReader, layerCount: Int, headLayers: Int?
    ) throws(ConfigurationError) {
        let named = try Self.named(fields, layerCount: layerCount)
        if let headLayers {
            guard headLayers >= 1, headLayers < layerCount else {
                throw .headLayersOutOfRange(requested: headLayers, layerCount: layerCount)
            }
            head = headLayers
        } else {
            head = named ?? min(Self.defaultHead, layerCount)
        }
        trunk = layerCount - head
    }

    /// The number of head layers that the fields give, checked against their trunk; nil if they give none.
    private static func named(_ fields: ConfigurationReader, layerCount: Int) throws(ConfigurationError) -> Int? {
        let trunk = try agreed(fields, "num_thinking_layers", "num_parallel_layers", least: 0)
        let head = try agreed(fields, "num_decoding_layers", "num_sequential_layers", least: 1)
        guard trunk != nil || head != nil else { return nil }
        let trunkCount = trunk?.count ?? layerCount - (head?.count ?? 0)
        let headCount = head?.count ?? layerCount - trunkCount
        guard trunkCount >= 0, headCount >= 1, trunkCount + headCount == layerCount else {
            let parts = [trunk, head].compactMap { $0 }.map { "\($0.field) \($0.count)" }.joined(separator: " + ")
            let verb = trunk == nil || head == nil ? "does not leave a trunk and a head in" : "is not"
            throw .inconsistent(problem: "\(parts) \(verb) num_hidden_layers \(layerCount)")
        }
        return headCount
    }

    /// Reads one number that has an older and a newer name.
    private static func agreed(
        _ fields: ConfigurationReader, _ older: String, _ newer: String, least: Int
    ) throws(ConfigurationError) -> (field: String, count: Int)? {
        let range = least...ConfigurationReader.countLimit - 1
        let (old, new) = (try fields.count(older, in: range), try fields.count(newer, in: range))
        if let old, let new, old != new {
            throw .inconsistent(problem: "\(older) is \(old), but \(newer) is \(new)")
        }
        if let old { return (older, old) }
        return new.map { (newer, $0) }
    }
}
