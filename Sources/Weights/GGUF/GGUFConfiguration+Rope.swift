import Foundation
import JSON

/// RoPE scaling in transformers' fields. Formulas: llama.cpp's llama-context.cpp and `ggml_rope_yarn`.
extension GGUFConfiguration {
    /// `rope_scaling`; nil if the frequencies are not scaled.
    func ropeScaling() throws(CheckpointError) -> JSONValue? {
        let factor = try ropeFactor()
        let multiplier = try number("rope.scaling.attn_factor") ?? 1
        // Files older than rope.scaling.type have only a factor, which means linear scaling.
        switch try metadata.text(key("rope.scaling.type")) ?? "linear" {
        case "yarn": return .object(try yarn(factor: factor ?? 1, multiplier: multiplier))
        case "linear" where (factor ?? 1) != 1:
            guard multiplier == 1 else {
                throw metadata.unsupported(
                    key("rope.scaling.attn_factor"), "\(multiplier) beside linear scaling is not implemented",
                    "use a checkpoint with one of the two")
            }
            try refuseYarnKeys()
            return .object(["rope_type": "linear", "factor": .double(factor ?? 1)])
        case "linear", "none":
            try refuseYarnKeys()
            // YaRN with factor 1 scales cos and sin and keeps the frequencies.
            return multiplier == 1 ? nil : .object(try yarn(factor: 1, multiplier: multiplier))
        case let type:
            throw metadata.unsupported(
                key("rope.scaling.type"), "the RoPE scaling \(quoted(type)) is not implemented",
                "use a checkpoint without scaling, or with linear, YaRN or Llama-3 scaling")
        }
    }

    /// The scaling factor; nil if missing or 0.
    private func ropeFactor() throws(CheckpointError) -> Double? {
        let (factor, old) = (try number("rope.scaling.factor"), try number("rope.scale_linear"))
        return [factor, old].compactMap { $0 }.first.flatMap { $0 == 0 ? nil : $0 }
    }

    /// YaRN's fields. llama.cpp scales cos and sin by `attn_factor` · (1 + 0.1 · ln(factor)), divided by 1 + 0.1 · m ·
    /// ln(factor) if there is a log multiplier m.
    private func yarn(factor: Double, multiplier: Double) throws(CheckpointError) -> JSONObject {
        func magnitude(_ weight: Double) -> Double { factor <= 1 ? 1 : 0.1 * weight * log(factor) + 1 }
        let logMultiplier = try number("rope.scaling.yarn_log_multiplier") ?? 0
        let whole = magnitude(1) / (logMultiplier == 0 ? 1 : magnitude(logMultiplier))
        try checkYarnFactors(magnitude: whole)
        var fields: JSONObject = [
            "rope_type": "yarn", "factor": .double(factor), "attention_factor": .double(whole * multiplier),
        ]
        fields["original_max_position_embeddings"] = try integer("rope.scaling.original_context_length")
            .flatMap { $0 == 0 ? nil : .int($0) }
        fields["beta_fast"] = try number("rope.scaling.yarn_beta_fast").map { .double($0) }
        fields["beta_slow"] = try number("rope.scaling.yarn_beta_slow").map { .double($0) }
        return fields
    }

    /// Refuses two factors. `yarn_ext_factor` weights the blend of scaled and unscaled frequencies: only 1, or negative
    /// for unset, is implemented. `yarn_attn_factor` is copied by converters from fields with two meanings, so programs
    /// disagree on it.
    private func checkYarnFactors(magnitude: Double) throws(CheckpointError) {
        if let factor = try number("rope.scaling.yarn_ext_factor"), factor >= 0, factor != 1 {
            throw metadata.unsupported(
                key("rope.scaling.yarn_ext_factor"), "\(factor) is not implemented", "use a checkpoint with 1")
        }
        guard let scale = try number("rope.scaling.yarn_attn_factor"), scale != 1, abs(scale - magnitude) > 1e-4 else {
            return
        }
        throw metadata.unsupported(
            key("rope.scaling.yarn_attn_factor"),
            "\(scale) means other things to other programs: neither 1 nor the factor's own \(Float(magnitude))",
            "state the scale in \(key("rope.scaling.attn_factor")), or use the Hugging Face directory")
    }

    /// Refuses YaRN keys without YaRN: the scaling type must be wrong.
    private func refuseYarnKeys() throws(CheckpointError) {
        let neutral: [(String, [Double])] = [
            ("yarn_ext_factor", [0, 1]), ("yarn_attn_factor", [1]), ("yarn_log_multiplier", [0]),
        ]
        for (name, neutral) in neutral {
            guard let value = try number("rope.scaling.\(name)"), value >= 0, !neutral.contains(value) else { continue }
            throw metadata.unsupported(
                key("rope.scaling.\(name)"), "\(value) says nothing without YaRN",
                "correct \(key("rope.scaling.type")), or use a checkpoint without it")
        }
    }
}
