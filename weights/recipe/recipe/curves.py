"""Loss curves of runs, as a picture."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt  # noqa: E402

SMOOTHING = 0.9


def draw(runs: list[Path], picture: Path) -> None:
    """Draws each run's losses by factor, smoothed, side by side."""
    figure, axes = plt.subplots(1, len(runs), figsize=(6 * len(runs), 4), squeeze=False, layout="constrained")
    for axis, run in zip(axes[0], runs):
        for factor, points in sorted(losses(run / "log.jsonl").items()):
            axis.plot(*zip(*points), label=factor if factor == "off" else f"mtd {factor}")
        axis.set(title=run.name, xlabel="step", ylabel="loss on answers, nats a token", yscale="log")
        axis.grid(alpha=0.3)
        axis.legend()
    figure.savefig(picture)


def losses(log: Path) -> dict[str, list[tuple[int, float]]]:
    """Returns (step, smoothed loss) by factor."""
    result: dict[str, list[tuple[int, float]]] = defaultdict(list)
    for line in log.read_text().splitlines():
        record = json.loads(line)
        for factor, loss in record["loss"].items():
            before = result[factor][-1][1] if result[factor] else loss
            result[factor].append((record["step"], SMOOTHING * before + (1 - SMOOTHING) * loss))
    return result
