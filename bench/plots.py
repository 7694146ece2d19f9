"""Plots the results of `volley bench -o json`: speedup by factor against the roofline, and the cost of passes.

    volley bench --shape qwen3-4b --format q8_0 --passes -o json > bench/results/qwen3-4b-q8_0.json
    python3 bench/plots.py bench/results/qwen3-4b-q8_0.json

Writes FILE-speedup.svg and, with --passes, FILE-passes.svg beside the file; with several models, -MODEL precedes the suffix.
Needs matplotlib. Exit codes: 0 done, 1 failed, 64 usage.
"""

from __future__ import annotations

import json
import statistics
import sys
from pathlib import Path

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt  # noqa: E402


def error_bars(series: list[list[float]]) -> tuple[list[float], list[list[float]]]:
    """Returns the medians and the distances of the lowest and highest values from them."""
    medians = [statistics.median(values) for values in series]
    below = [median - min(values) for median, values in zip(medians, series)]
    return medians, [below, [max(values) - median for median, values in zip(medians, series)]]


def draw_speedup(model: dict, caption: str, path: Path) -> bool:
    plans = [plan for plan in model["decoding"] if plan["speedup"] and plan["mtd"] != "off"]
    if not plans:
        return False
    factors = [int(plan["mtd"]) for plan in plans]
    medians, bars = error_bars([plan["speedup"] for plan in plans])
    figure, axes = plt.subplots(figsize=(6.4, 4.2))
    axes.plot(factors, [plan["limit_of_speedup"] for plan in plans], "o--", color="grey", label="roofline")
    axes.errorbar(factors, medians, bars, fmt="o-", color="steelblue", capsize=3, label="measured, median and range")
    axes.axhline(1, color="lightgrey", zorder=0)
    axes.set(xticks=factors, xlabel="tokens per trunk pass", ylabel="speed over vanilla", title=caption)
    axes.legend()
    save(figure, path)
    return True


def draw_passes(model: dict, caption: str, path: Path) -> bool:
    passes = model.get("passes") or []
    if not passes:
        return False
    medians, bars = error_bars([one["ratio"] for one in passes])
    rows = [one["rows"] for one in passes]
    figure, axes = plt.subplots(figsize=(6.4, 4.2))
    axes.plot(rows, rows, "--", color="grey", label="token by token")
    axes.errorbar(rows, medians, bars, fmt="o-", color="steelblue", capsize=3, label="one pass, median and range")
    axes.set(xticks=rows, xlabel="tokens per pass", ylabel="cost relative to one token", title=caption)
    axes.set_ylim(0, max(4, 1.1 * max(medians)))
    axes.legend()
    save(figure, path)
    return True


def save(figure, path: Path) -> None:
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)
    print(path)


def main() -> int:
    if len(sys.argv) < 2:
        print(__doc__, file=sys.stderr)
        return 64
    matplotlib.rcParams["svg.hashsalt"] = "volley"
    for name in sys.argv[1:]:
        try:
            result = json.loads(Path(name).read_text())
            for model in result["models"]:
                caption = f"{model['model']}, {' '.join(model['formats'])}, {result['threads']} threads, {result['instruction_set']}"
                middle = f"-{model['model']}" if len(result["models"]) > 1 else ""
                draw_speedup(model, caption, Path(name.removesuffix(".json") + f"{middle}-speedup.svg"))
                draw_passes(model, caption, Path(name.removesuffix(".json") + f"{middle}-passes.svg"))
        except (OSError, ValueError, KeyError, TypeError) as error:
            print(f"plots.py: {name} is not the output of volley bench -o json ({error!r}).", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
