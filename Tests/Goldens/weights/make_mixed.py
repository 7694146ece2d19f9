"""Writes mixed.gguf, a small Qwen3 of random blocks whose matrices have different formats, as mixed files of llama.cpp have
(`Q3_K_M`, `UD-Q4_K_XL`), and mixed.json: greedy tokens that transformers gives in float32 on the values that the `gguf` package
reads from it, and the least margin between the two largest logits on the way.

    python3 -m venv /tmp/mixed && /tmp/mixed/bin/pip install torch transformers gguf==0.19.0
    /tmp/mixed/bin/python Tests/Goldens/weights/make_mixed.py
"""

import json
from pathlib import Path

import numpy as np
import torch
from gguf import GGML_QUANT_SIZES, GGMLQuantizationType, GGUFWriter
from gguf.quants import dequantize
from transformers import Qwen3Config, Qwen3ForCausalLM

WIDTH, KEYS, VOCABULARY = 256, 64, 128
NAMES = {
    "q_proj": "attn_q", "k_proj": "attn_k", "v_proj": "attn_v", "o_proj": "attn_output", "gate_proj": "ffn_gate",
    "up_proj": "ffn_up", "down_proj": "ffn_down", "q_norm": "attn_q_norm", "k_norm": "attn_k_norm",
    "input_layernorm": "attn_norm", "post_attention_layernorm": "ffn_norm",
}
FORMATS = {
    "token_embd": "Q3_K", "output": "IQ4_XS",
    "blk.0.attn_q": "IQ4_XS", "blk.0.attn_k": "Q3_K", "blk.0.attn_v": "Q5_K", "blk.0.attn_output": "Q2_K",
    "blk.0.ffn_gate": "IQ4_XS", "blk.0.ffn_up": "Q3_K", "blk.0.ffn_down": "Q6_K",
    "blk.1.attn_q": "Q2_K", "blk.1.attn_k": "IQ4_NL", "blk.1.attn_v": "Q8_0", "blk.1.attn_output": "IQ4_XS",
    "blk.1.ffn_gate": "Q4_K", "blk.1.ffn_up": "IQ4_NL", "blk.1.ffn_down": "Q3_K",
}
# Where a block's float16 numbers lie.
SCALES = {
    "Q8_0": (0,), "IQ4_NL": (0,), "IQ4_XS": (0,), "Q2_K": (80, 82), "Q3_K": (108,), "Q4_K": (0, 2), "Q5_K": (0, 2),
    "Q6_K": (208,),
}


def random_blocks(random: np.random.Generator, rows: int, kind: GGMLQuantizationType, spread: float) -> np.ndarray:
    """[rows, bytes]: any codes, under scales that give values of about `spread`."""
    count, size = GGML_QUANT_SIZES[kind]
    blocks = random.integers(0, 256, (rows * WIDTH // count, size), dtype=np.uint8)

    def scale(numbers: np.ndarray) -> None:
        for place, number in zip(SCALES[kind.name], numbers):
            blocks[:, place : place + 2] = np.full(len(blocks), number).astype("<f2").view(np.uint8).reshape(-1, 2)

    # A constant part is to be half of what the codes add up to on average.
    scale(np.array([1.0, 0.0]))
    size_of_codes = dequantize(blocks, kind)
    scale(np.array([1.0, 1.0]))
    constant = (size_of_codes - dequantize(blocks, kind)).mean()
    scales = np.array([1.0, size_of_codes.mean() / constant if constant else 0.0])
    scale(scales)
    scale(scales * spread / dequantize(blocks, kind).std())
    return blocks.reshape(rows, -1)


def file_name(name: str) -> str:
    """Hugging Face's name without `.weight` as GGUF has it."""
    parts = name.split(".")
    fixed = {"model.embed_tokens": "token_embd", "model.norm": "output_norm", "lm_head": "output"}
    return fixed.get(name) or f"blk.{parts[2]}.{NAMES[parts[-1]]}"


def main() -> None:
    random = np.random.default_rng(27)
    config = Qwen3Config(
        vocab_size=VOCABULARY, hidden_size=WIDTH, intermediate_size=WIDTH, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=1, head_dim=KEYS, max_position_embeddings=256, rope_theta=10000.0, rms_norm_eps=1e-6,
        tie_word_embeddings=False)
    model = Qwen3ForCausalLM(config).to(torch.float32).eval()
    writer = GGUFWriter(Path(__file__).with_name("mixed.gguf"), "qwen3")
    writer.add_block_count(2)
    writer.add_context_length(256)
    writer.add_embedding_length(WIDTH)
    writer.add_feed_forward_length(WIDTH)
    writer.add_head_count(4)
    writer.add_head_count_kv(1)
    writer.add_key_length(KEYS)
    writer.add_value_length(KEYS)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_rope_freq_base(10000.0)
    for name, parameter in model.named_parameters():
        stored = file_name(name.removesuffix(".weight"))
        if parameter.ndim == 1:
            values = (1 + 0.1 * random.normal(size=parameter.shape)).astype(np.float32)
            writer.add_tensor(stored + ".weight", values)
        else:
            kind = GGMLQuantizationType[FORMATS[stored]]
            blocks = random_blocks(random, parameter.shape[0], kind, 0.3 if stored == "token_embd" else 0.1)
            writer.add_tensor(stored + ".weight", blocks, raw_dtype=kind)
            values = dequantize(blocks, kind).reshape(parameter.shape)
        parameter.data = torch.from_numpy(values.copy())
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    cases = [generate(model, prompt, 24) for prompt in ([3, 72, 105], list(range(40, 60)), [5, 120, 5, 120, 17])]
    Path(__file__).with_name("mixed.json").write_text(json.dumps(cases) + "\n")
    print([case["margin"] for case in cases])


def generate(model: Qwen3ForCausalLM, prompt: list[int], count: int) -> dict:
    tokens, margin = [], float("inf")
    with torch.no_grad():
        for _ in range(count):
            logits = model(torch.tensor([prompt + tokens])).logits[0, -1]
            first, second = torch.topk(logits, 2).values.tolist()
            margin = min(margin, first - second)
            tokens.append(int(logits.argmax()))
    return {"prompt": prompt, "tokens": tokens, "margin": margin}


if __name__ == "__main__":
    main()
