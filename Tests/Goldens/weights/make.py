"""Writes the tiny GGUF files of this folder, and what must be read from them.

Needs numpy and the `gguf` package (written with 0.19); run it in this folder. Two models, `llama` and `qwen3`, each with
one layer and every storage format somewhere. For Llama, q and k are reordered as llama.cpp's convert_hf_to_gguf.py does.
`expected.json` has, for each file, the 64-bit FNV-1a hash of each tensor's bytes in Hugging Face's row order, by Hugging Face name.
"""

import json

import gguf
import numpy as np
from gguf import GGMLQuantizationType as T

HIDDEN, HEADS, KV_HEADS, HEAD, FFN, VOCABULARY = 64, 4, 2, 16, 96, 12

# GGUF name, Hugging Face name, shape, format
TENSORS = [
    ("token_embd.weight", "model.embed_tokens.weight", (VOCABULARY, HIDDEN), T.Q8_0),
    ("output_norm.weight", "model.norm.weight", (HIDDEN,), T.F32),
    ("blk.0.attn_norm.weight", "model.layers.0.input_layernorm.weight", (HIDDEN,), T.F32),
    ("blk.0.attn_q.weight", "model.layers.0.self_attn.q_proj.weight", (HEADS * HEAD, HIDDEN), T.Q4_1),
    ("blk.0.attn_k.weight", "model.layers.0.self_attn.k_proj.weight", (KV_HEADS * HEAD, HIDDEN), T.BF16),
    ("blk.0.attn_v.weight", "model.layers.0.self_attn.v_proj.weight", (KV_HEADS * HEAD, HIDDEN), T.F16),
    ("blk.0.attn_output.weight", "model.layers.0.self_attn.o_proj.weight", (HIDDEN, HEADS * HEAD), T.Q4_0),
    ("blk.0.ffn_norm.weight", "model.layers.0.post_attention_layernorm.weight", (HIDDEN,), T.F32),
    ("blk.0.ffn_gate.weight", "model.layers.0.mlp.gate_proj.weight", (FFN, HIDDEN), T.Q4_0),
    ("blk.0.ffn_up.weight", "model.layers.0.mlp.up_proj.weight", (FFN, HIDDEN), T.Q4_1),
    ("blk.0.ffn_down.weight", "model.layers.0.mlp.down_proj.weight", (HIDDEN, FFN), T.Q8_0),
]
QWEN3_TENSORS = [
    ("output.weight", "lm_head.weight", (VOCABULARY, HIDDEN), T.F16),
    ("blk.0.attn_q_norm.weight", "model.layers.0.self_attn.q_norm.weight", (HEAD,), T.F32),
    ("blk.0.attn_k_norm.weight", "model.layers.0.self_attn.k_norm.weight", (HEAD,), T.F32),
]
LLAMA_TENSORS = [("rope_freqs.weight", "rope_freqs.weight", (HEAD // 2,), T.F32)]


def permute(weights, heads):
    """LlamaModel.permute of llama.cpp's convert_hf_to_gguf.py, in our own words: halves become neighbours."""
    rows = weights.reshape(heads, 2, weights.shape[0] // heads // 2, *weights.shape[1:])
    return rows.swapaxes(1, 2).reshape(weights.shape)


def fnv1a(data):
    value = 0xCBF29CE484222325
    for byte in data:
        value = (value ^ byte) * 0x100000001B3 % 2**64
    return f"{value:016x}"


def write(name, tensors):
    random = np.random.default_rng(7)
    writer = gguf.GGUFWriter(f"{name}.gguf", name)
    writer.add_block_count(1)
    writer.add_context_length(128)
    writer.add_embedding_length(HIDDEN)
    writer.add_feed_forward_length(FFN)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KV_HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_freq_base(500000.0)
    if name == "llama":
        writer.add_rope_dimension_count(HEAD)
        writer.add_vocab_size(VOCABULARY)
    else:
        writer.add_key_length(HEAD)
        writer.add_value_length(HEAD)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    writer.add_token_list([b"!", "Ġ".encode(), b"a", b"b", b"c", b"ab", b"bc", "Ġa".encode(), b"d", b"e", b"<eos>", b"<eot>"])
    writer.add_token_types([1] * 10 + [3, 3])
    writer.add_token_merges(["a b", "b c", "Ġ a"])
    writer.add_bos_token_id(0)
    writer.add_eos_token_id(10)
    writer.add_eot_token_id(11)
    writer.add_add_bos_token(False)
    writer.add_chat_template("{{ messages }}")

    expected = {}
    for gguf_name, hf_name, shape, kind in tensors:
        values = (1 + 0.1 * random.standard_normal(shape)).astype(np.float32)
        stored = gguf.quants.quantize(values, kind)
        expected[hf_name] = fnv1a(np.ascontiguousarray(stored).tobytes())
        if name == "llama" and ".attn_q." in gguf_name:
            stored = permute(stored, HEADS)
        if name == "llama" and ".attn_k." in gguf_name:
            stored = permute(stored, KV_HEADS)
        writer.add_tensor(gguf_name, np.ascontiguousarray(stored), raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return expected


expected = {
    "llama.gguf": write("llama", TENSORS + LLAMA_TENSORS),
    "qwen3.gguf": write("qwen3", TENSORS + QWEN3_TENSORS),
}
with open("expected.json", "w") as file:
    json.dump(expected, file, indent=1)
    file.write("\n")
