"""Writes a GGUF file of random weights in the shape of a known model, so that all programs are measured on the same weights.

    python3 -m venv /tmp/gguf && /tmp/gguf/bin/pip install gguf==0.19.0
    /tmp/gguf/bin/python bench/random_gguf.py qwen3-0.6b q8_0 /tmp/qwen3-0.6b-q8_0.gguf

Shapes: qwen3-0.6b, qwen3-1.7b, qwen3-4b, qwen3-8b, smollm2-135m. Formats: f32, f16, q8_0, q4_0, q4_1, iq4_nl, q2_k, q3_k, q4_k,
q5_k, q6_k, iq4_xs. Exit codes: 0 done, 64 usage.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from gguf import GGMLQuantizationType, GGUFWriter


@dataclass(frozen=True)
class Shape:
    architecture: str
    hidden: int
    layers: int
    heads: int
    kv_heads: int
    head_width: int
    inner: int
    vocabulary: int = 151_936
    context: int = 40_960
    theta: float = 1e6
    is_tied: bool = True


SHAPES = {
    "qwen3-0.6b": Shape("qwen3", 1024, 28, 16, 8, 128, 3072),
    "qwen3-1.7b": Shape("qwen3", 2048, 28, 16, 8, 128, 6144),
    "qwen3-4b": Shape("qwen3", 2560, 36, 32, 8, 128, 9728),
    "qwen3-8b": Shape("qwen3", 4096, 36, 32, 8, 128, 12288, is_tied=False),
    "smollm2-135m": Shape("llama", 576, 30, 9, 3, 64, 1536, vocabulary=49_152, context=8192, theta=1e5),
}
# Values and bytes of a block, and the divisors that turn the spread into its float16 scales, by byte offset.
BLOCKS = {
    "q8_0": (32, 34, {0: 128}),
    "q4_0": (32, 18, {0: 8}),
    "q4_1": (32, 20, {0: 8, 2: -1}),
    "iq4_nl": (32, 18, {0: 127}),
    "q2_k": (256, 84, {80: 16, 82: 8}),
    "q3_k": (256, 110, {108: 64}),
    "q4_k": (256, 144, {0: 256, 2: 32}),
    "q5_k": (256, 176, {0: 512, 2: 32}),
    "q6_k": (256, 210, {208: 2048}),
    "iq4_xs": (256, 136, {0: 2032}),
}


def matrix(random: np.random.Generator, rows: int, columns: int, form: str) -> np.ndarray:
    """Returns values whose spread keeps activations near 1; for block formats, as rows of bytes."""
    spread = 1.5 / columns**0.5
    if form in ("f32", "f16"):
        values = random.random((rows, columns), dtype=np.float32)
        return ((2 * values - 1) * spread).astype(np.float32 if form == "f32" else np.float16)
    values, size, numbers = BLOCKS[form]
    blocks = random.integers(0, 256, (rows, columns // values, size), dtype=np.uint8)
    for offset, divisor in numbers.items():
        blocks[..., offset : offset + 2] = np.frombuffer(np.float16(spread / divisor).tobytes(), dtype=np.uint8)
    return blocks.reshape(rows, -1)


def matrices(shape: Shape) -> dict[str, tuple[int, int]]:
    """Returns rows and columns of every matrix, by GGUF name."""
    queries, keys = shape.heads * shape.head_width, shape.kv_heads * shape.head_width
    result = {"token_embd": (shape.vocabulary, shape.hidden)}
    if not shape.is_tied:
        result["output"] = (shape.vocabulary, shape.hidden)
    for layer in range(shape.layers):
        result |= {
            f"blk.{layer}.attn_q": (queries, shape.hidden),
            f"blk.{layer}.attn_k": (keys, shape.hidden),
            f"blk.{layer}.attn_v": (keys, shape.hidden),
            f"blk.{layer}.attn_output": (shape.hidden, queries),
            f"blk.{layer}.ffn_gate": (shape.inner, shape.hidden),
            f"blk.{layer}.ffn_up": (shape.inner, shape.hidden),
            f"blk.{layer}.ffn_down": (shape.hidden, shape.inner),
        }
    return result


def norms(shape: Shape) -> dict[str, int]:
    result = {"output_norm": shape.hidden}
    for layer in range(shape.layers):
        result |= {f"blk.{layer}.attn_norm": shape.hidden, f"blk.{layer}.ffn_norm": shape.hidden}
        if shape.architecture == "qwen3":
            result |= {f"blk.{layer}.attn_q_norm": shape.head_width, f"blk.{layer}.attn_k_norm": shape.head_width}
    return result


def add_configuration(writer: GGUFWriter, shape: Shape) -> None:
    writer.add_block_count(shape.layers)
    writer.add_context_length(shape.context)
    writer.add_embedding_length(shape.hidden)
    writer.add_feed_forward_length(shape.inner)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.kv_heads)
    writer.add_key_length(shape.head_width)
    writer.add_value_length(shape.head_width)
    writer.add_rope_dimension_count(shape.head_width)
    writer.add_rope_freq_base(shape.theta)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_vocab_size(shape.vocabulary)


def add_vocabulary(writer: GGUFWriter, size: int) -> None:
    """Adds byte tokens and placeholder names: the output of random weights is never read as text."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in printable]
    tokens = [chr(byte) for byte in printable] + [chr(256 + index) for index in range(len(others))] + ["ab"]
    tokens += [f"<{number}>" for number in range(size - len(tokens))]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    writer.add_token_list(tokens)
    writer.add_token_types([1] * size)
    writer.add_token_merges(["a b"])
    writer.add_eos_token_id(size - 1)


def main() -> int:
    words = sys.argv[1:]
    if len(words) != 3 or words[0] not in SHAPES or words[1] not in ("f32", "f16", *BLOCKS):
        print(__doc__, file=sys.stderr)
        return 64
    shape, form, path = SHAPES[words[0]], words[1], Path(words[2])
    partial = path.with_suffix(".partial")
    writer = GGUFWriter(str(partial), shape.architecture)
    add_configuration(writer, shape)
    add_vocabulary(writer, shape.vocabulary)
    random = np.random.default_rng(1)
    for name, width in norms(shape).items():
        writer.add_tensor(f"{name}.weight", np.ones(width, dtype=np.float32))
    kind = GGMLQuantizationType[form.upper()]
    for name, (rows, columns) in matrices(shape).items():
        writer.add_tensor(f"{name}.weight", matrix(random, rows, columns, form), raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file(progress=sys.stderr.isatty())
    writer.close()
    os.replace(partial, path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
