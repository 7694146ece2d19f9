"""Compares arrangements of bf16 words before LZ4: unchanged, byte planes, and the planes of docs/format.md.

    /tmp/trained/bin/pip install lz4 && /tmp/trained/bin/python bench/weights/planes.py /tmp/trained/crepe/model.safetensors

Prints each compressed size as a share, in blocks of 64 KiB that are stored if they do not shrink, and the entropy of single words,
the lower bound for any arrangement of independent words.
"""

from __future__ import annotations

import json
import sys

import lz4.block
import numpy as np

FRAME, BLOCK = 1 << 19, 1 << 16


def words(path: str) -> np.ndarray:
    """Returns all bf16 words of a safetensors file."""
    data = np.fromfile(path, np.uint8)
    length = int(data[:8].view("<u8")[0])
    header = json.loads(bytes(data[8 : 8 + length]))
    spans = [entry["data_offsets"] for entry in header.values() if entry.get("dtype") == "BF16"]
    start = 8 + length
    return np.concatenate([data[start + low : start + high].view("<u2") for low, high in spans])


def byte_planes(frame: np.ndarray) -> bytes:
    return (frame & 255).astype(np.uint8).tobytes() + (frame >> 8).astype(np.uint8).tobytes()


def bit_planes(frame: np.ndarray) -> bytes:
    rotated = (frame << 1 | frame >> 15).astype(np.uint16)
    top = (rotated >> 8).astype(np.uint8)
    gray = top ^ top >> 1
    planes = [np.packbits(gray >> bit & 1, bitorder="little").tobytes() for bit in range(7, -1, -1)]
    return (rotated & 255).astype(np.uint8).tobytes() + b"".join(planes)


def compressed(content: bytes) -> int:
    blocks = (content[start : start + BLOCK] for start in range(0, len(content), BLOCK))
    return sum(min(len(block), len(lz4.block.compress(block, store_size=False))) for block in blocks)


def main() -> int:
    if len(sys.argv) != 2:
        print("usage: planes.py FILE.safetensors", file=sys.stderr)
        return 64
    all_words = words(sys.argv[1])
    frames = [all_words[start : start + FRAME] for start in range(0, len(all_words), FRAME)]
    for name, arrange in (("as they are", np.ndarray.tobytes), ("byte planes", byte_planes), ("bit planes", bit_planes)):
        print(f"{name:12} {sum(compressed(arrange(frame)) for frame in frames) / all_words.nbytes:.3f}")
    shares = np.bincount(all_words)[np.unique(all_words)] / len(all_words)
    print(f"{'entropy':12} {-(shares * np.log2(shares)).sum() / 16:.3f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
