import Models
import Weights

/// The contents of a checkpoint: its tensors, sizes and settings, found without reading the weights.
package struct CheckpointReport: Sendable {
    package let kind: Checkpoint.Kind
    /// How quantised weights are converted while loading; nil if they are not.
    package let quantization: String?
    package let configuration: ModelConfiguration
    /// The generation settings that the model's makers recommend.
    package let generation: GenerationDefaults
    /// The cycle rule, and where each of its choices comes from.
    package let rule: CheckpointRule
    /// The head of its own for cycles; nil without one.
    package let cycleHead: CycleHeadReport?
    package let tensors: [TensorSummary]

    /// - Parameters:
    ///   - headLayers: the number of head layers; nil for the checkpoint's own.
    ///   - rule: replaces choices of the checkpoint's own rule.
    /// - Throws: `CheckpointError` if the checkpoint holds no model, `ConfigurationError` if its configuration is not supported,
    ///   `CycleRuleError`.
    package init(
        _ checkpoint: Checkpoint, headLayers: Int? = nil, rule overrides: CycleRule.Overrides = CycleRule.Overrides()
    ) throws {
        kind = checkpoint.kind
        quantization = checkpoint.quantization
        let model = try checkpoint.only(.model)
        cycleHead = checkpoint.parts.contains(.head) ? try CycleHeadReport(checkpoint) : nil
        let own = try ModelConfiguration(model.configuration, headLayers: cycleHead?.layerCount ?? headLayers)
        configuration = cycleHead.map { own.with(headTrainedFor: $0.trainedFactor) } ?? own
        generation = try GenerationDefaults(checkpoint.generation)
        rule = try configuration.checkpointRule.replacing(overrides)
        tensors = checkpoint.summary
    }

    /// The part of the model that a tensor belongs to.
    package enum Part: String, CaseIterable, Sendable {
        case embedding
        case trunk
        case head
        case cycleHead = "head for cycles"
        case vocabularyHead = "lm_head"
        case other
    }

    /// The total of several tensors.
    package struct Total: Sendable, Equatable {
        package var tensorCount = 0
        package var valueCount = 0
        /// Bytes in memory.
        package var byteCount = 0
        /// Bytes in the file.
        package var storedByteCount = 0

        /// Stored size ÷ size in memory.
        package var ratio: Double { byteCount == 0 ? 1 : Double(storedByteCount) / Double(byteCount) }

        mutating func add(_ tensor: TensorSummary) {
            tensorCount += 1
            valueCount += tensor.valueCount
            byteCount += tensor.byteCount
            storedByteCount += tensor.storedByteCount
        }
    }

    package var total: Total { Self.total(tensors) }

    /// Totals by part and format; parts are in the order of a pass.
    package var parts: [(part: Part, format: String, total: Total)] {
        let groups = Dictionary(grouping: tensors) { PartAndFormat(part: part(of: $0), format: $0.format) }
        return groups.keys.sorted().map { ($0.part, $0.format, Self.total(groups[$0] ?? [])) }
    }

    /// Totals by kind of tensor, such as `self_attn.q_proj`, and format.
    package var kinds: [(kind: String, format: String, total: Total)] {
        let groups = Dictionary(grouping: tensors) { KindAndFormat(kind: Self.kind(of: $0.name), format: $0.format) }
        return groups.keys.sorted().map { ($0.kind, $0.format, Self.total(groups[$0] ?? [])) }
    }

    /// Bytes of weights that decoding must read per token with a factor; nil for vanilla.
    ///
    /// A cycle reads the trunk once for `factor` tokens, and the head and `lm_head` for each.
    package func bytesPerToken(factor: Int?) -> Double {
        var (bytes, expertBytes): ([Part: Int], [Part: Int]) = ([:], [:])
        for tensor in tensors {
            if configuration.experts != nil, tensor.name.contains(".mlp.experts.") {
                expertBytes[part(of: tensor), default: 0] += tensor.byteCount
            } else {
                bytes[part(of: tensor), default: 0] += tensor.byteCount
            }
        }
        func ofOneToken(_ part: Part) -> Int {
            let share = configuration.experts.map { ($0.chosenCount, $0.count) } ?? (1, 1)
            return (bytes[part] ?? 0) + (expertBytes[part] ?? 0) * share.0 / share.1
        }
        let roofline = ByteRoofline(
            trunk: ofOneToken(.trunk),
            trunkExperts: configuration.experts.map { ExpertBytes(all: expertBytes[.trunk] ?? 0, $0) },
            head: ofOneToken(.head), cycleHead: bytes[.cycleHead],
            vocabularyHead: bytes[.vocabularyHead] ?? bytes[.embedding] ?? 0)
        return roofline.bytesPerToken(factor: factor, depth: 0)
    }

    package func part(of tensor: TensorSummary) -> Part {
        switch tensor.name {
        case "model.embed_tokens.weight": return .embedding
        case "lm_head.weight": return .vocabularyHead
        case "model.norm.weight": return .head
        default:
            if cycleHead != nil, tensor.name.hasPrefix("head.") { return .cycleHead }
            guard let layer = Self.layer(of: tensor.name) else { return .other }
            return layer < configuration.trunkLayerCount ? .trunk : .head
        }
    }

    private static func layer(of name: String) -> Int? {
        let words = name.split(separator: ".")
        return words.starts(with: ["model", "layers"]) && words.count > 3 ? Int(words[2]) : nil
    }

    /// The tensor's name without layer number and suffix.
    private static func kind(of name: String) -> String {
        let words = name.split(separator: ".").filter { Int($0) == nil && $0 != "weight" }
        return words.filter { $0 != "model" && $0 != "layers" }.joined(separator: ".")
    }

    static func total(_ tensors: [TensorSummary]) -> Total {
        tensors.reduce(into: Total()) { $0.add($1) }
    }
}

private struct PartAndFormat: Hashable, Comparable {
    let part: CheckpointReport.Part
    let format: String

    static func < (left: Self, right: Self) -> Bool {
        let order = CheckpointReport.Part.allCases
        let ranks = (order.firstIndex(of: left.part) ?? 0, order.firstIndex(of: right.part) ?? 0)
        return ranks.0 == ranks.1 ? left.format < right.format : ranks.0 < ranks.1
    }
}

private struct KindAndFormat: Hashable, Comparable {
    let kind: String
    let format: String

    static func < (left: Self, right: Self) -> Bool { (left.kind, left.format) < (right.kind, right.format) }
}
