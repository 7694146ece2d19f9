/// Maps GGUF tensor names to Hugging Face's (llama.cpp's gguf-py/gguf/tensor_mapping.py).
enum GGUFTensorNames {
    /// The Hugging Face name. Names without a counterpart stay unchanged (`rope_freqs.weight`).
    static func huggingFaceName(_ name: String) -> String {
        if let whole = model[name] { return whole }
        // "blk.N.rest"
        let parts = name.split(separator: ".", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0] == "blk", isLayerNumber(parts[1]), let rest = layer[String(parts[2])] else {
            return name
        }
        return "model.layers.\(parts[1]).\(rest)"
    }

    /// The heads by which llama.cpp reorders the rows of this matrix for Llama; nil for other tensors.
    static func rotaryMatrix(_ name: String) -> RotaryMatrix? {
        guard name.utf8.starts(with: "blk.".utf8) else { return nil }
        if name.hasSuffix(".attn_q.weight") { return .query }
        return name.hasSuffix(".attn_k.weight") ? .key : nil
    }

    enum RotaryMatrix { case query, key }

    private static func isLayerNumber(_ text: Substring) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    }

    private static let model = [
        "token_embd.weight": "model.embed_tokens.weight",
        "output_norm.weight": "model.norm.weight",
        "output.weight": "lm_head.weight",
    ]

    private static let layer = [
        "attn_norm.weight": "input_layernorm.weight",
        "attn_q.weight": "self_attn.q_proj.weight",
        "attn_k.weight": "self_attn.k_proj.weight",
        "attn_v.weight": "self_attn.v_proj.weight",
        "attn_output.weight": "self_attn.o_proj.weight",
        "attn_q.bias": "self_attn.q_proj.bias",
        "attn_k.bias": "self_attn.k_proj.bias",
        "attn_v.bias": "self_attn.v_proj.bias",
        "attn_output.bias": "self_attn.o_proj.bias",
        "attn_q_norm.weight": "self_attn.q_norm.weight",
        "attn_k_norm.weight": "self_attn.k_norm.weight",
        "ffn_norm.weight": "post_attention_layernorm.weight",
        "ffn_gate.weight": "mlp.gate_proj.weight",
        "ffn_up.weight": "mlp.up_proj.weight",
        "ffn_down.weight": "mlp.down_proj.weight",
        // Experts, stacked.
        "ffn_gate_inp.weight": "mlp.gate.weight",
        "ffn_gate_exps.weight": "mlp.experts.gate_proj.weight",
        "ffn_up_exps.weight": "mlp.experts.up_proj.weight",
        "ffn_down_exps.weight": "mlp.experts.down_proj.weight",
        "ffn_gate.bias": "mlp.gate_proj.bias",
        "ffn_up.bias": "mlp.up_proj.bias",
        "ffn_down.bias": "mlp.down_proj.bias",
    ]
}
