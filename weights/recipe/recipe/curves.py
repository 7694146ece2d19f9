"""Plots loss curves of runs."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from itertools import cycle
from pathlib import Path

import matplotlib

matplotlib.use("svg")
matplotlib.rcParams["svg.fonttype"] = "none"  # text instead of outlines, for smaller files
matplotlib.rcParams["font.sans-serif"] = ["DejaVu Sans"]  # the SVG lists every font
import matplotlib.pyplot as plt  # noqa: E402
from matplotlib.axes import Axes  # noqa: E402
from matplotlib.ticker import FormatStrFormatter, LogLocator  # noqa: E402

KINDS = ("loss", "tasks", "layers")
SMOOTHING = 0.5
"""Weight of the previous value. A point is already the mean of twenty steps."""
DRAWN = 5
"""Plots one in this many points, with one decimal: the picture is stored beside the weights."""


def draw(runs: list[Path], picture: Path) -> None:
    """Plots the runs in sequence: losses by factor (if several) and by task, and the layers used if routed."""
    stages = [Stage(run) for run in runs]
    kinds = [kind for kind in KINDS if any(len(stage.curves(kind)) > 1 for stage in stages)]
    figure, axes = plt.subplots(len(kinds), figsize=(12, 4 * len(kinds)), squeeze=False, layout="constrained")
    for axis, kind in zip(axes[:, 0], kinds):
        draw_kind(axis, stages, kind)
    figure.savefig(picture)
    if picture.suffix == ".svg":
        text = re.sub(r"\d+\.\d{3,}", lambda number: f"{float(number[0]):.1f}", picture.read_text())
        picture.write_text(re.sub(r"\n +", "\n", text))


def draw_kind(axis: Axes, stages: list[Stage], kind: str) -> None:
    names = sorted({name for stage in stages for name in stage.curves(kind)})
    colours = dict(zip(names, cycle(plt.cm.tab10.colors if kind == "loss" else plt.cm.tab20.colors)))
    start, seen = 0, set()
    for stage in stages:
        for name, points in sorted(stage.curves(kind).items()):
            steps, values = zip(*points[::-DRAWN])  # from the end, to keep the last point
            label = f"mtd {name}" if name.isdigit() else name
            axis.plot([start + step for step in steps], values, color=colours[name], label=None if name in seen else label)
            seen.add(name)
        axis.axvline(start, color="grey", linewidth=0.8)
        axis.text(start, 1.01, f" {stage.name}", transform=axis.get_xaxis_transform())
        start += stage.steps
    if kind == "layers":
        axis.set(xlabel="step", ylabel="layers used, a token")
    else:
        axis.set(xlabel="step", ylabel="loss on answers, nats per token", yscale="log")
        axis.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axis.yaxis.set_major_formatter(FormatStrFormatter("%g"))
        axis.yaxis.set_minor_locator(LogLocator(subs=()))
    axis.grid(alpha=0.3)
    axis.legend(fontsize="small", loc="center left", bbox_to_anchor=(1, 0.5))


class Stage:
    """The log of a run."""

    def __init__(self, run: Path):
        self.name = run.name
        self.records = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
        self.steps = self.records[-1]["step"]

    def curves(self, kind: str) -> dict[str, list[tuple[int, float]]]:
        """Returns (step, smoothed value) by the names under `kind`: `loss` (by factor), `tasks`, or `layers` if routed."""
        result: dict[str, list[tuple[int, float]]] = defaultdict(list)
        for record in self.records:
            for name, loss in record.get(kind, {}).items():
                before = result[name][-1][1] if result[name] else loss
                result[name].append((record["step"], SMOOTHING * before + (1 - SMOOTHING) * loss))
        return result
