"""Plots of runs."""

import json
import xml.etree.ElementTree as xml
from pathlib import Path

from recipe.curves import draw


def log(run: Path, steps: int) -> Path:
    run.mkdir()
    lines = [{"step": step, "tasks": {"copy": 1 / step, "sum": 2 / step}} for step in range(20, steps + 1, 20)]
    (run / "log.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return run


def test_runs_follow_each_other_in_one_picture(tmp_path: Path):
    picture = tmp_path / "curves.svg"
    draw([log(tmp_path / "first", 400), log(tmp_path / "second", 20)], picture)
    text = picture.read_text()
    assert [text.count(f">{label}<") for label in ("first", "second", "copy", "sum")] == [1, 1, 1, 1]


def test_long_runs_make_a_small_picture_that_fits_its_frame(tmp_path: Path):
    picture = tmp_path / "curves.svg"
    draw([log(tmp_path / "long", 100_000)], picture)
    lines = xml.parse(picture).getroot().iter("{http://www.w3.org/2000/svg}polyline")
    points = [tuple(map(float, point.split(","))) for line in lines for point in line.get("points").split()]
    assert len(points) > 100 and picture.stat().st_size < 20_000
    assert all(0 <= x <= 860 and 0 <= y <= 324 for x, y in points)
