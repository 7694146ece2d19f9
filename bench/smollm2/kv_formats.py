"""Measures what number formats of keys and values cost in quality: perplexity, and distance from float32 keys and values.

    swift build -c release
    python3 bench/smollm2/kv_formats.py --model "$(bench/smollm2/fetch.sh)"

Texts are decoded token by token in each format. The second half of each is compared. The result goes to
bench/results/kv-smollm2.json and, as a table, to standard output. It needs NumPy. Exit codes: 0 done, 1 failed, 64 usage.
"""

from __future__ import annotations

import datetime
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "bench"))

from support.machine import describe_machine  # noqa: E402
from support.summary import format_table  # noqa: E402
from support.usage import UsageParser, positive  # noqa: E402

PROGRAMS = ROOT / ".build/release"
FORMATS = ("f32", "f16", "q8_0", "q8_0/f16", "f16/q8_0")
TEXTS = ("README.md", "docs/how-it-works.md", "docs/format.md", "CONTRIBUTING.md", "docs/plans.md", "docs/serving.md")


def main() -> int:
    parser = UsageParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", required=True, type=Path, help="SmolLM2-135M-Instruct.gguf")
    parser.add_argument("--name", default="smollm2", help="the record's name")
    parser.add_argument("--length", type=positive, default=1024, help="tokens of each text")
    parser.add_argument("--threads", type=positive, default=2)
    arguments = parser.parse_args()
    try:
        texts = [tokens(arguments.model, ROOT / text)[: arguments.length] for text in TEXTS]
        rows = measure(arguments, texts)
    except subprocess.CalledProcessError as error:
        print(f"kv_formats.py: {' '.join(map(str, error.cmd))} failed.", file=sys.stderr)
        return 1
    result = {
        "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "machine": describe_machine(),
        "command": f"python3 bench/smollm2/kv_formats.py --model {arguments.model.name} --length {arguments.length}",
        "texts": [f"{len(ids)} tokens of {text}" for ids, text in zip(texts, TEXTS, strict=True)],
        "unit": "perplexity; Kullback-Leibler divergence from float32 keys and values in nats, mean over positions",
        "rows": rows,
    }
    (ROOT / f"bench/results/kv-{arguments.name}.json").write_text(json.dumps(result, indent=1) + "\n")
    header = ["keys/values", "perplexity", "to float16's", "divergence", "same first token", "positions"]
    print(format_table([header, *(cells(row, rows[FORMATS.index("f16")]) for row in rows)]))
    return 0


def cells(row: dict, half: dict) -> list[str]:
    change = f"{100 * (row['perplexity'] / half['perplexity'] - 1):+.3f} %"
    same = f"{100 * row['same_first']:.1f} %"
    return [
        row["format"], f"{row['perplexity']:.4f}", change, f"{row['divergence']:.1e}", same, str(row["positions"]),
    ]


def measure(arguments, texts: list[list[int]]) -> list[dict]:
    """All formats side by side, so that only one position's logits are held."""
    runs = [logits(arguments, texts, name) for name in FORMATS]
    sums = {name: {"loss": 0.0, "divergence": 0.0, "same": 0} for name in FORMATS}
    count = 0
    for target, *rows in zip(targets(texts), *runs, strict=True):
        exact = log_probabilities(rows[0])
        for name, row in zip(FORMATS, rows, strict=True):
            found = log_probabilities(row)
            if target is not None:
                sums[name]["loss"] -= float(found[target])
            sums[name]["divergence"] += float((np.exp(exact) * (exact - found)).sum())
            sums[name]["same"] += int(found.argmax() == exact.argmax())
        count += 1
    predicted = count - len(texts)
    return [
        {
            "format": name,
            "perplexity": float(np.exp(values["loss"] / predicted)),
            "divergence": values["divergence"] / count,
            "same_first": values["same"] / count,
            "positions": count,
        }
        for name, values in sums.items()
    ]


def targets(texts: list[list[int]]) -> Iterator[int | None]:
    """The token after each compared position; None after a text's last."""
    for text in texts:
        yield from text[len(text) // 2 + 1 :]
        yield None


def tokens(model: Path, text: Path) -> list[int]:
    command = [PROGRAMS / "volley", "tokenize", "--model", model, text.read_text()]
    return [int(word) for word in subprocess.run(command, check=True, capture_output=True, text=True).stdout.split(",")]


def logits(arguments, texts: list[list[int]], name: str) -> Iterator[np.ndarray]:
    """The logits after each position of the texts' second halves."""
    for text in texts:
        command = [
            PROGRAMS / "LogitDump", arguments.model, "--first", str(len(text) // 2), "--threads",
            str(arguments.threads), "--kv", name,
        ]  # fmt: skip
        line = " ".join(map(str, text)) + "\n"
        output = subprocess.run(command, input=line.encode(), check=True, stdout=subprocess.PIPE).stdout
        yield from np.frombuffer(output, np.float32).reshape(len(text) - len(text) // 2, -1)


def log_probabilities(logits: np.ndarray) -> np.ndarray:
    shifted = logits.astype(np.float64) - logits.max()
    return shifted - np.log(np.exp(shifted).sum())


if __name__ == "__main__":
    sys.exit(main())
