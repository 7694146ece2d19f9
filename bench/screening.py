"""Counts how many rows of lm_head a low-bit copy with a proven bound would leave to compute, on a real model.

    python3 -m venv /tmp/gguf && /tmp/gguf/bin/pip install gguf==0.19.0
    /tmp/gguf/bin/python bench/screening.py "$(bench/smollm2/fetch.sh)"

The upper bits of a row's 8-bit codes estimate its logit. By Cauchy–Schwarz, the contribution of the lower bits is at most their norm
times the hidden state's, over the whole row or block by block. The row with the highest lower bound is computed exactly. Rows whose
upper bound reaches its logit could hold the maximum, so they must be computed too, with the panels of 16 rows that contain them. The
hidden states come from real answers, recovered from the logits that volley writes. For the rows left by `--screen` itself, use
`volley bench --screen --profile`. Exit codes: 0 done, 64 usage.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from gguf import GGUFReader
from gguf.quants import dequantize

ROOT = Path(__file__).resolve().parents[1]
PROMPTS = (
    "What is the capital of France?",
    "Write a short poem about the sea.",
    "Explain why the sky is blue.",
    "List three fruits.",
    "def fibonacci(n):",
)
LENGTHS = (1, 3, 6, 10, 15, 21, 30, 40)


def hidden_states(model: Path, weights: np.ndarray) -> np.ndarray:
    """Returns hidden states at LENGTHS tokens into each answer, as the unique solution of weights · state = logits."""
    logits = []
    with tempfile.NamedTemporaryFile() as file:
        for prompt in PROMPTS:
            for length in LENGTHS:
                options = ("--greedy", "--max-tokens", str(length), "--json", "--dump-logits", file.name)
                command = [str(ROOT / ".build/release/volley"), "generate", "--model", str(model), *options, prompt]
                subprocess.run(command, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
                logits.append(np.fromfile(file.name, np.float32).astype(np.float64))
    return np.linalg.solve(weights.T @ weights, weights.T @ np.array(logits).T).T


def candidate_counts(
    weights: np.ndarray, states: np.ndarray, bits: int, is_blockwise: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Returns, for each state, how many rows and panels could hold the largest logit."""
    blocks = weights.reshape(len(weights), -1, 32)
    scales = np.maximum(np.abs(blocks).max(2, keepdims=True) / 127, 1e-30)
    step = 2 ** (8 - bits)
    upper = np.round(np.round(blocks / scales) / step) * step * scales
    residual = np.linalg.norm(blocks - upper, axis=2)
    rows, panels = [], []
    for state in states:
        norms = np.linalg.norm(state.reshape(-1, 32), axis=1)
        bound = residual @ norms if is_blockwise else np.linalg.norm(residual, axis=1) * np.linalg.norm(norms)
        estimate = upper.reshape(len(weights), -1) @ state
        is_left = estimate + bound >= weights[np.argmax(estimate - bound)] @ state
        rows.append(is_left.sum())
        panels.append(len(np.unique(np.flatnonzero(is_left) // 16)))
    return np.array(rows), np.array(panels)


def main() -> int:
    if len(sys.argv) != 2 or not Path(sys.argv[1]).is_file():
        print(__doc__, file=sys.stderr)
        return 64
    model = Path(sys.argv[1])
    tensors = {tensor.name: tensor for tensor in GGUFReader(model).tensors}
    tensor = tensors.get("output.weight", tensors["token_embd.weight"])
    weights = dequantize(tensor.data, tensor.tensor_type).astype(np.float64)
    states = hidden_states(model, weights)
    print(f"{len(weights)} rows, {len(states)} states; left to compute: median, 90th percentile, maximum")
    for bits in (4, 5, 6):
        for is_blockwise in (False, True):
            name = f"{bits} bits, bound by {'block' if is_blockwise else 'row'}"
            for unit, counts in zip(("rows", "panels"), candidate_counts(weights, states, bits, is_blockwise)):
                print(f"{name}, {unit}: {np.median(counts):.0f}, {np.quantile(counts, 0.9):.0f}, {counts.max()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
