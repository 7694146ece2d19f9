"""Measures how far logits of quantised weights are from float32 logits of the same weights, for volley and llama.cpp.

    python3.11 -m venv /tmp/agreement && /tmp/agreement/bin/pip install gguf==0.19.0 diskcache typing_extensions jinja2
    bench/peers/build_llama_cpp.sh /tmp/peers
    /tmp/agreement/bin/python bench/smollm2/agreement.py --model "$(bench/smollm2/fetch.sh)" --peers /tmp/peers

llama-quantize makes the weights for both programs, in each format and in float32. Texts are decoded token by token with float16 keys
and values; the second half of each is compared. Each program is compared with its own float32 run (with float32 keys and values), so
that only rounding counts; the last line compares the two float32 programs. The result goes to bench/results/agreement-smollm2.json
and, as a table, to standard output. Exit codes: 0 done, 1 failed, 64 usage.
"""

from __future__ import annotations

import datetime
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from llama_cpp_reference import LlamaCpp, dequantise

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "bench"))

from support.machine import describe_machine  # noqa: E402
from support.summary import format_table  # noqa: E402
from support.usage import UsageParser, positive  # noqa: E402

BUILD = ["swift", "build", "-c", "release", "--product", "LogitDump"]
FORMATS = {"as it is": None, "q8_0": "Q8_0", "q4_0": "Q4_0", "q4_K": "Q4_K_M"}
TEXTS = ("README.md", "docs/how-it-works.md", "docs/format.md", "CONTRIBUTING.md")
LENGTH = 512
RESULT = ROOT / "bench/results/agreement-smollm2.json"


def main() -> int:
    parser = UsageParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", required=True, type=Path, help="SmolLM2-135M-Instruct.gguf")
    parser.add_argument("--peers", required=True, type=Path, help="directory built by build_llama_cpp.sh")
    parser.add_argument("--threads", type=positive, default=2)
    arguments = parser.parse_args()
    machine = describe_machine()
    try:
        subprocess.run(BUILD, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        with tempfile.TemporaryDirectory() as scratch:
            rows = [row for name in FORMATS for row in compare(name, Path(scratch), arguments)]
    except subprocess.CalledProcessError as error:
        print(f"agreement.py: {' '.join(map(str, error.cmd))} failed.", file=sys.stderr)
        return 1
    result = {
        "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "machine": machine,
        "command": f"python3 bench/smollm2/agreement.py --model {arguments.model.name} --peers DIRECTORY",
        "texts": [f"{LENGTH} tokens of {text}" for text in TEXTS],
        "unit": "Kullback-Leibler divergence from float32 in nats, mean over positions",
        "rows": rows,
    }
    RESULT.write_text(json.dumps(result, indent=1) + "\n")
    print(format_table([["weights", "program", "divergence", "same first token", "positions"], *map(cells, rows)]))
    return 0


def cells(row: dict) -> list[str]:
    same = f"{100 * row['same_first']:.1f} %"
    return [row["weights"], row["program"], f"{row['divergence']:.1e}", same, str(row["positions"])]


def compare(name: str, scratch: Path, arguments) -> Iterator[dict]:
    """Yields a row per program, and one that compares the two in float32."""
    weights, exact = arguments.model, scratch / "float32.gguf"
    if FORMATS[name]:
        weights = scratch / f"{name}.gguf"
        command = [arguments.peers / "bin/llama-quantize", "--allow-requantize", arguments.model, weights, FORMATS[name]]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    dequantise(arguments.peers, weights, exact)
    llama_cpp = LlamaCpp(arguments.peers, exact, arguments.threads, float32_cache=True)
    texts = [llama_cpp.tokenize((ROOT / text).read_text())[:LENGTH] for text in TEXTS]

    theirs = list(llama_cpp_logits(llama_cpp, texts))
    ours = list(volley_logits(exact, texts, arguments.threads, "--kv", "f32"))
    for activations in ("int16", "int8"):
        rounded = volley_logits(weights, texts, arguments.threads, "--activations", activations)
        yield row(name, f"volley, {activations}", rounded, ours)
    yield row(name, "llama.cpp", llama_cpp_logits(LlamaCpp(arguments.peers, weights, arguments.threads), texts), theirs)
    yield row(name, "volley's float32 from llama.cpp's", iter(ours), theirs)


def volley_logits(model: Path, texts: list[list[int]], threads: int, *options: str) -> Iterator[np.ndarray]:
    command = [ROOT / ".build/release/LogitDump", model, "--first", str(LENGTH // 2), "--threads", str(threads), *options]
    lines = "\n".join(" ".join(map(str, text)) for text in texts)
    output = subprocess.run(command, input=lines.encode(), check=True, stdout=subprocess.PIPE).stdout
    yield from np.frombuffer(output, np.float32).reshape(len(texts) * LENGTH // 2, -1)


def llama_cpp_logits(llama_cpp: LlamaCpp, texts: list[list[int]]) -> Iterator[np.ndarray]:
    for text in texts:
        yield llama_cpp.prompt_logits(text[: LENGTH // 2 + 1])
        for token in text[LENGTH // 2 + 1 :]:
            yield llama_cpp.next_logits(token)


def row(weights: str, program: str, logits: Iterator[np.ndarray], exact: list[np.ndarray]) -> dict:
    divergences, same = [], []
    for ours, reference in zip(logits, exact, strict=True):
        p, q = log_probabilities(reference), log_probabilities(ours)
        divergences.append(float((np.exp(p) * (p - q)).sum()))
        same.append(bool(ours.argmax() == reference.argmax()))
    return {
        "weights": weights,
        "program": program,
        "divergence": float(np.mean(divergences)),
        "same_first": float(np.mean(same)),
        "positions": len(same),
    }


def log_probabilities(logits: np.ndarray) -> np.ndarray:
    shifted = logits.astype(np.float64) - logits.max()
    return shifted - np.log(np.exp(shifted).sum())


if __name__ == "__main__":
    sys.exit(main())
