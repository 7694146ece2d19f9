"""Plots loss curves of runs."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path

from recipe.chart import Panel, Series, chart, hues

KINDS = {"loss": "loss on answers by factor, nats a token", "tasks": "loss on answers by task, nats a token",
         "layers": "layers used, a token"}
SMOOTHING = 0.5
"""Weight of the previous value. A point is already the mean of twenty steps."""


def draw(runs: list[Path], picture: Path) -> None:
    """Plots the runs in sequence: losses by factor (if several) and by task, and the layers used if routed."""
    picture.write_text(training([(run.name, run / "log.jsonl") for run in runs]))


def training(logs: list[tuple[str, Path]]) -> str:
    """Returns the picture of stages, each with its name and log."""
    stages = [Stage(name, log) for name, log in logs]
    kinds = [kind for kind in KINDS if any(len(stage.curves(kind)) > 1 for stage in stages)]
    return chart("Training: " + ", ".join(stage.name for stage in stages), [panel(stages, kind) for kind in kinds])


def panel(stages: list[Stage], kind: str) -> Panel:
    names = sorted({name for stage in stages for name in stage.curves(kind)})
    colours = dict(zip(names, hues(len(names))))
    start, series, marks = 0, [], []
    for stage in stages:
        for name, points in sorted(stage.curves(kind).items()):
            label = f"mtd {name}" if name.isdigit() else name
            series.append(Series(label, [(start + step, value) for step, value in points], colours[name]))
        marks.append((start or series[0].points[0][0], stage.name))
        start += stage.steps
    return Panel("step", KINDS[kind], series, logarithmic=kind != "layers", marks=marks)


class Stage:
    """The log of a run."""

    def __init__(self, name: str, log: Path):
        self.name = name
        self.records = [json.loads(line) for line in log.read_text().splitlines()]
        self.steps = self.records[-1]["step"]

    def curves(self, kind: str) -> dict[str, list[tuple[int, float]]]:
        """Returns (step, smoothed value) by the names under `kind`: `loss` (by factor), `tasks`, or `layers` if routed."""
        result: dict[str, list[tuple[int, float]]] = defaultdict(list)
        for record in self.records:
            for name, loss in record.get(kind, {}).items():
                before = result[name][-1][1] if result[name] else loss
                result[name].append((record["step"], SMOOTHING * before + (1 - SMOOTHING) * loss))
        return result
