"""Loads a GGUF file of a Llama or Qwen3 as a `transformers` model with dequantised weights."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy
import torch
from parcel import join
from transformers import AutoConfig, AutoModelForCausalLM, PreTrainedModel

LAYER_NAMES = {
    "attn_norm": "input_layernorm", "attn_q": "self_attn.q_proj", "attn_k": "self_attn.k_proj", "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj", "attn_q_norm": "self_attn.q_norm", "attn_k_norm": "self_attn.k_norm",
    "ffn_norm": "post_attention_layernorm", "ffn_gate": "mlp.gate_proj", "ffn_up": "mlp.up_proj", "ffn_down": "mlp.down_proj",
}  # fmt: skip
NAMES = {"token_embd": "model.embed_tokens", "output_norm": "model.norm", "output": "lm_head"}


def load(parcel: Path, work: Path) -> PreTrainedModel:
    """Loads the model of a parcel. Assembles its file in `work`."""
    sys.path[:0] = map(str, parcel.glob("gguf-*.whl"))
    from gguf import GGUFReader
    from gguf.quants import dequantize

    path = work / "model.gguf"
    path.write_bytes(join(parcel, "model"))
    reader = GGUFReader(path)

    def field(name: str, default: object = None) -> object:
        return reader.fields[name].contents() if name in reader.fields else default

    kind = field("general.architecture")
    if kind not in ("llama", "qwen3") or any("rope.scaling" in name for name in reader.fields):
        raise SystemExit(f"gpu: {kind} with these fields is not read here; unpack it with volley and train on a CPU, or extend base.py")
    heads, kv_heads = field(f"{kind}.attention.head_count"), field(f"{kind}.attention.head_count_kv")
    width = field(f"{kind}.embedding_length")
    head_width = field(f"{kind}.attention.key_length") or width // heads
    names = {tensor.name for tensor in reader.tensors}
    config = AutoConfig.for_model(
        kind, hidden_size=width, intermediate_size=field(f"{kind}.feed_forward_length"), num_hidden_layers=field(f"{kind}.block_count"),
        num_attention_heads=heads, num_key_value_heads=kv_heads, head_dim=head_width,
        rms_norm_eps=field(f"{kind}.attention.layer_norm_rms_epsilon"),
        rope_parameters={"rope_type": "default", "rope_theta": field(f"{kind}.rope.freq_base", 10000.0)},
        max_position_embeddings=field(f"{kind}.context_length"), vocab_size=len(field("tokenizer.ggml.tokens")),
        tie_word_embeddings="output.weight" not in names, eos_token_id=field("tokenizer.ggml.eos_token_id"),
    )  # fmt: skip
    state = {}
    for tensor in reader.tensors:
        values = dequantize(tensor.data, tensor.tensor_type).astype(numpy.float32)
        stem, _, _ = tensor.name.removesuffix(".weight").partition(".weight")
        if stem.startswith("blk."):
            _, layer, part = stem.split(".")
            if kind == "llama" and part in ("attn_q", "attn_k"):
                values = in_halves(values, heads if part == "attn_q" else kv_heads)
            name = f"model.layers.{layer}.{LAYER_NAMES[part]}"
        else:
            name = NAMES[stem]
        state[f"{name}.weight"] = torch.from_numpy(numpy.ascontiguousarray(values))
    if config.tie_word_embeddings:
        state["lm_head.weight"] = state["model.embed_tokens.weight"]
    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(config)
    model.load_state_dict(state, assign=True)
    # Created on `meta`, the rotary embedding has no values; the layers here compute their own from the configuration.
    return model.requires_grad_(False)


def in_halves(values: numpy.ndarray, heads: int) -> numpy.ndarray:
    """Restores Hugging Face's row order: first halves of RoPE's pairs before second ones. GGUF's Llama interleaves the pairs."""
    return values.reshape(heads, -1, 2, values.shape[-1]).swapaxes(1, 2).reshape(values.shape)


def prompts(parcel: Path, name: str) -> list[tuple[str, list[int]]]:
    """Returns kinds and ids."""
    data = join(parcel, name)
    end = 4 + int.from_bytes(data[:4], "little")
    kinds = json.loads(data[4:end])["kinds"]
    numbers = numpy.frombuffer(data, "<u4", offset=end).astype(numpy.int64)
    count = int(numbers[0])
    ids = numpy.split(numbers[1 + 2 * count :], numbers[1 + count : 1 + 2 * count].cumsum()[:-1])
    return [(kinds[kind], one.tolist()) for kind, one in zip(numbers[1 : 1 + count], ids)]
