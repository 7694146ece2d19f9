"""Loss curves of runs, as a picture."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path

import matplotlib

matplotlib.use("svg")
matplotlib.rcParams["svg.fonttype"] = "none"  # letters as text, not as shapes: smaller
import matplotlib.pyplot as plt  # noqa: E402
from matplotlib.axes import Axes  # noqa: E402
from matplotlib.ticker import FormatStrFormatter, LogLocator  # noqa: E402

KINDS = ("loss", "tasks", "layers")
SMOOTHING = 0.5
"""Share of the value before: a point is the mean of twenty steps already."""


def draw(runs: list[Path], picture: Path) -> None:
    """Draws each run's losses side by side, by factor (where there are several) and by task, and the layers used, where routed."""
    kinds = [kind for kind in KINDS if any(len(curves(run / "log.jsonl", kind)) > 1 for run in runs)]
    size = (6 * len(runs), 4 * len(kinds))
    figure, axes = plt.subplots(len(kinds), len(runs), figsize=size, squeeze=False, layout="constrained")
    for column, run in enumerate(runs):
        for row, kind in enumerate(kinds):
            draw_one(axes[row][column], run, kind)
    figure.savefig(picture)


def draw_one(axis: Axes, run: Path, kind: str) -> None:
    axis.set_prop_cycle(color=plt.cm.tab10.colors if kind == "loss" else plt.cm.tab20.colors)
    for name, points in sorted(curves(run / "log.jsonl", kind).items()):
        axis.plot(*zip(*points), label=f"mtd {name}" if name.isdigit() else name)
    if kind == "layers":
        axis.set(title=run.name, xlabel="step", ylabel="layers used, a token")
    else:
        axis.set(title=run.name, xlabel="step", ylabel="loss on answers, nats a token", yscale="log")
        axis.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axis.yaxis.set_major_formatter(FormatStrFormatter("%g"))
        axis.yaxis.set_minor_locator(LogLocator(subs=()))
    axis.grid(alpha=0.3)
    axis.legend(fontsize="small", ncols=2)


def curves(log: Path, kind: str) -> dict[str, list[tuple[int, float]]]:
    """Returns (step, smoothed value) by the names under `kind`: `loss` (by factor), `tasks`, or `layers` where routed."""
    result: dict[str, list[tuple[int, float]]] = defaultdict(list)
    for line in log.read_text().splitlines():
        record = json.loads(line)
        for name, loss in record.get(kind, {}).items():
            before = result[name][-1][1] if result[name] else loss
            result[name].append((record["step"], SMOOTHING * before + (1 - SMOOTHING) * loss))
    return result
