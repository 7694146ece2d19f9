"""How many rows of lm_head would a copy of fewer bits, with a proven bound, leave? Counts on a real model.

    python3 -m venv /tmp/gguf && /tmp/gguf/bin/pip install gguf==0.19.0
    /tmp/gguf/bin/python bench/screening.py "$(bench/smollm2/fetch.sh)"

A row's logit is estimated from the upper bits of its 8-bit codes; what the lower bits can add is bounded, by Cauchy and Schwarz,
by their norm times that of the hidden state, over the whole row or block by block. The row that is certainly the largest, as far as that
says, is computed exactly; rows whose estimate plus bound reaches it could hold the maximum and would have to be computed too, and
with them the panels of 16 rows that they lie in. The hidden states are those of real answers, found from the logits that volley writes. What `--screen` itself leaves, of any
model, `volley bench --screen --profile` shows. Exit codes: 0 done, 64 usage.
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
    """Solves weights · state = logits, which has one solution, after so many tokens of each answer."""
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
    """Returns, for each state, the numbers of rows and of panels that could hold the largest logit."""
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
    print(f"{len(weights)} rows, {len(states)} states; what is left: median, 90 %, most")
    for bits in (4, 5, 6):
        for is_blockwise in (False, True):
            name = f"{bits} bits, bound by {'block' if is_blockwise else 'row'}"
            for unit, counts in zip(("rows", "panels"), candidate_counts(weights, states, bits, is_blockwise)):
                print(f"{name}, {unit}: {np.median(counts):.0f}, {np.quantile(counts, 0.9):.0f}, {counts.max()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
