"""Writes quantized.gguf: random float32 rows, what the `gguf` package makes of them in every format that it can write,
random blocks of those that it can only read, and the values that it reads from all of them.

    python3 -m venv /tmp/gguf && /tmp/gguf/bin/pip install gguf==0.17.1
    /tmp/gguf/bin/python Tests/Goldens/weights/make_quantized.py
"""

from pathlib import Path

import numpy as np
from gguf import GGMLQuantizationType, GGUFWriter
from gguf.quants import dequantize, quantize

FORMATS = ("BF16", "F16", "Q8_0", "Q4_0", "Q4_1", "Q5_0", "Q5_1")
# Bytes of a block, and where its float16 numbers lie.
READ_FORMATS = {
    "Q4_K": (144, (0, 2)),
    "Q5_K": (176, (0, 2)),
    "Q6_K": (210, (208,)),
    "Q2_K": (84, (80, 82)),
    "Q3_K": (110, (108,)),
    "IQ4_NL": (18, (0,)),
    "IQ4_XS": (136, (0,)),
}


def values() -> np.ndarray:
    """[24, 64]: several spreads, ties, zeros, constants, one value alone, and the smallest normal float16 scales."""
    random = np.random.default_rng(5)
    rows = [random.normal(0, spread, 64) for spread in (1e-6, 1e-3, 0.02, 0.5, 1, 30, 2000) for _ in range(2)]
    rows += [np.zeros(64), np.full(64, 0.75), np.full(64, -3.0), np.arange(64) - 31.5, np.arange(64) / 4]
    rows += [np.where(np.arange(64) == 5, -1.0, 0.0), np.tile([1.0, -1.0], 32), np.round(random.normal(0, 64, 64))]
    rows += [random.normal(0, 1, 64) + 100, random.uniform(-1, 1, 64) ** 9]
    return np.stack(rows).astype(np.float32)


def random_blocks(size: int, scales: tuple[int, ...], rows: int) -> np.ndarray:
    """[rows, 2 * size]: any bits, but for the scales, which are numbers: small, usual, large, zero and below zero."""
    random = np.random.default_rng(6)
    count = 2 * rows
    blocks = random.integers(0, 256, (count, size), dtype=np.uint8)
    numbers = np.resize([6e-8, 1e-4, 0.013, 1.7, 300.0, 0.0, -0.02, 65504.0 / 1024], count)
    for place in scales:
        blocks[:, place : place + 2] = np.roll(numbers, place).astype("<f2").view(np.uint8).reshape(count, 2)
    return blocks.reshape(rows, 2 * size)


def main() -> None:
    writer = GGUFWriter(Path(__file__).with_name("quantized.gguf"), "llama")
    data = values()
    writer.add_tensor("f32", data)
    for name in FORMATS:
        kind = GGMLQuantizationType[name]
        encoded = quantize(data, kind)
        writer.add_tensor(name, encoded.view(np.uint8), raw_dtype=kind)
        writer.add_tensor(f"{name}.values", dequantize(encoded, kind))
    for name, (size, scales) in READ_FORMATS.items():
        kind = GGMLQuantizationType[name]
        blocks = random_blocks(size, scales, rows=96 if name == "IQ4_NL" else 12)
        writer.add_tensor(name, blocks, raw_dtype=kind)
        writer.add_tensor(f"{name}.values", dequantize(blocks, kind))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


if __name__ == "__main__":
    main()
