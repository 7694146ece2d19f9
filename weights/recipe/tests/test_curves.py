"""Plots of runs."""

import json
from pathlib import Path

from recipe.curves import DRAWN, draw


def log(run: Path, steps: int) -> Path:
    run.mkdir()
    lines = [{"step": step, "tasks": {"copy": 1 / step, "sum": 2 / step}} for step in range(20, steps + 1, 20)]
    (run / "log.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return run


def test_runs_follow_each_other_in_one_picture(tmp_path: Path):
    picture = tmp_path / "curves.svg"
    draw([log(tmp_path / "first", 20 * DRAWN * 4), log(tmp_path / "second", 20)], picture)
    text = picture.read_text()
    assert [text.count(f">{label}<") for label in (" first", " second", "copy", "sum")] == [1, 1, 1, 1]
