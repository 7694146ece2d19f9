import Measuring
import Volley

/// A checkpoint report as JSON.
struct InspectionDocument: Encodable {
    let kind: String
    let quantization: String?
    let architecture: String
    let layers: Int
    let trunkLayers: Int
    let headLayers: Int
    let experts: Experts?
    let sampling: SamplingDocument
    /// Recommendations of the checkpoint that are not followed.
    let notes: [String]
    let cycleHead: CycleHeadDocument?
    let phase: Choice
    let promptInput: Choice
    let history: Choice
    let parameters: Int
    let bytes: Int
    let storedBytes: Int
    let parts: [Part]
    let kinds: [Kind]
    let bytesPerToken: [String: Double]
    let tensors: [Tensor]

    struct Choice: Encodable {
        let value: String
        let from: String

        init(_ value: some RawRepresentable<String>, _ origin: CheckpointRule.Origin) {
            (self.value, from) = (value.rawValue, "\(origin)")
        }
    }

    struct Experts: Encodable {
        let count: Int
        let chosen: Int
        let width: Int
        let layers: Int

        init(_ experts: ExpertConfiguration) {
            (count, chosen) = (experts.count, experts.chosenCount)
            (width, layers) = (experts.width, experts.layerCount)
        }
    }

    struct Part: Encodable {
        let part: String
        let format: String
        let parameters: Int
        let bytes: Int
        let storedBytes: Int
    }

    struct Kind: Encodable {
        let kind: String
        let format: String
        let tensors: Int
        let bytes: Int
        let storedBytes: Int
    }

    struct Tensor: Encodable {
        let name: String
        let shape: [Int]
        let format: String
        let bytes: Int
        let storedBytes: Int

        init(_ tensor: TensorSummary) {
            (name, shape, format) = (tensor.name, tensor.shape, tensor.format)
            (bytes, storedBytes) = (tensor.byteCount, tensor.storedByteCount)
        }
    }

    init(_ report: CheckpointReport) {
        let total = report.total
        kind = "\(report.kind)"
        quantization = report.quantization
        architecture = report.configuration.architecture.rawValue
        layers = report.configuration.layerCount
        trunkLayers = report.configuration.trunkLayerCount
        headLayers = report.configuration.headLayerCount
        experts = report.configuration.experts.map(Experts.init)
        sampling = SamplingDocument(SamplingSummary(report.generation))
        notes = report.generation.notes
        cycleHead = report.cycleHead.map(CycleHeadDocument.init)
        phase = Choice(report.rule.rule.phase, report.rule.phaseOrigin)
        promptInput = Choice(report.rule.rule.promptInput, report.rule.promptInputOrigin)
        history = Choice(report.rule.rule.history, report.rule.historyOrigin)
        parameters = total.valueCount
        bytes = total.byteCount
        storedBytes = total.storedByteCount
        parts = report.parts.map {
            Part(
                part: $0.part.rawValue, format: $0.format, parameters: $0.total.valueCount, bytes: $0.total.byteCount,
                storedBytes: $0.total.storedByteCount)
        }
        kinds = report.kinds.map {
            Kind(
                kind: $0.kind, format: $0.format, tensors: $0.total.tensorCount, bytes: $0.total.byteCount,
                storedBytes: $0.total.storedByteCount)
        }
        bytesPerToken = [nil, 2, 3, 4, 6].reduce(into: [:]) {
            $0[$1.map(String.init) ?? "off"] = report.bytesPerToken(factor: $1)
        }
        tensors = report.tensors.map(Tensor.init)
    }
}
