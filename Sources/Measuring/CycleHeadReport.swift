import JSON
import Models
import Weights

/// A head of its own for cycles: what it was made for and how it was trained, found without reading the weights.
package struct CycleHeadReport: Sendable {
    /// The name of the model that it was made for; nil if the head does not say.
    package let base: String?
    package let layerCount: Int
    /// The largest factor that it was trained for; nil if the head does not say.
    package let trainedFactor: Int?
    /// The number of head-only rows that it was trained on; nil if the head does not say.
    package let trainedTokens: Int?
    package let tensors: [TensorSummary]

    /// - Throws: `CheckpointError` if the checkpoint holds no head; `ConfigurationError`.
    package init(_ checkpoint: Checkpoint) throws {
        let head = try checkpoint.only(.head)
        let fields = head.configuration
        base = fields[Checkpoint.headBaseField]?["name"]?.stringValue
        layerCount = try CycleHead.layerCount(head)
        trainedFactor = fields["mtp_horizon"]?.intValue
        trainedTokens = fields["trained_tokens"]?.intValue
        tensors = head.summary
    }

    package var total: CheckpointReport.Total { CheckpointReport.total(tensors) }

    /// Totals by format.
    package var formats: [(format: String, total: CheckpointReport.Total)] {
        Dictionary(grouping: tensors, by: \.format).sorted { $0.key < $1.key }.map {
            ($0.key, CheckpointReport.total($0.value))
        }
    }
}
