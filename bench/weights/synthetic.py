"""Writes a checkpoint in the shape of Qwen3-1.7B with random bf16 weights (4.1 GB), for measuring memory and time.

    python3 -m venv /tmp/synthetic && /tmp/synthetic/bin/pip install numpy
    /tmp/synthetic/bin/python bench/weights/synthetic.py /tmp/synthetic/qwen3-1.7b

The values are normally distributed. As in trained models, the spread differs between matrices.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np

HIDDEN, INNER, LAYERS, HEADS, KV_HEADS, WIDTH, VOCABULARY = 2048, 6144, 28, 16, 8, 128, 151936
CHUNK = 1 << 22


def shapes() -> dict[str, tuple[int, ...]]:
    """Returns the shape of every tensor. The embedding occurs twice, as in untied checkpoints."""
    result = {"model.embed_tokens.weight": (VOCABULARY, HIDDEN), "lm_head.weight": (VOCABULARY, HIDDEN)}
    for layer in range(LAYERS):
        name = f"model.layers.{layer}"
        result |= {
            f"{name}.input_layernorm.weight": (HIDDEN,),
            f"{name}.self_attn.q_proj.weight": (HEADS * WIDTH, HIDDEN),
            f"{name}.self_attn.k_proj.weight": (KV_HEADS * WIDTH, HIDDEN),
            f"{name}.self_attn.v_proj.weight": (KV_HEADS * WIDTH, HIDDEN),
            f"{name}.self_attn.o_proj.weight": (HIDDEN, HEADS * WIDTH),
            f"{name}.self_attn.q_norm.weight": (WIDTH,),
            f"{name}.self_attn.k_norm.weight": (WIDTH,),
            f"{name}.post_attention_layernorm.weight": (HIDDEN,),
            f"{name}.mlp.gate_proj.weight": (INNER, HIDDEN),
            f"{name}.mlp.up_proj.weight": (INNER, HIDDEN),
            f"{name}.mlp.down_proj.weight": (HIDDEN, INNER),
        }
    return result | {"model.norm.weight": (HIDDEN,)}


def configuration() -> dict:
    return {
        "architectures": ["Qwen3ForCausalLM"], "model_type": "qwen3", "hidden_size": HIDDEN,
        "intermediate_size": INNER, "num_hidden_layers": LAYERS, "num_attention_heads": HEADS,
        "num_key_value_heads": KV_HEADS, "head_dim": WIDTH, "vocab_size": VOCABULARY,
        "max_position_embeddings": 40960, "rms_norm_eps": 1e-6, "rope_theta": 1000000, "hidden_act": "silu",
        "tie_word_embeddings": False,
    }  # fmt: skip


def main() -> int:
    if len(sys.argv) != 2:
        print("usage: synthetic.py DIRECTORY", file=sys.stderr)
        return 64
    directory = Path(sys.argv[1])
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "config.json").write_text(json.dumps(configuration(), indent=2) + "\n")
    header, offset = {}, 0
    for name, shape in shapes().items():
        size = 2 * int(np.prod(shape))
        header[name] = {"dtype": "BF16", "shape": shape, "data_offsets": [offset, offset + size]}
        offset += size
    text = json.dumps(header).encode()
    random = np.random.default_rng(1)
    with open(directory / "model.safetensors", "wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for shape in shapes().values():
            spread = random.uniform(0.01, 0.05)
            for start in range(0, int(np.prod(shape)), CHUNK):
                count = min(CHUNK, int(np.prod(shape)) - start)
                values = random.standard_normal(count, dtype=np.float32) * np.float32(spread)
                file.write((values.view(np.uint32) >> 16).astype("<u2").tobytes())
    return 0


if __name__ == "__main__":
    sys.exit(main())
