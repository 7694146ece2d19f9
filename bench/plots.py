"""Draws the results of `volley bench -o json`: speedup by factor against the roofline, and the cost of passes.

    volley bench --shape qwen3-4b --format q8_0 --passes -o json > bench/results/qwen3-4b-q8_0.json
    python3 bench/plots.py bench/results/qwen3-4b-q8_0.json

Writes FILE-speedup.svg and, with --passes, FILE-passes.svg beside the file; with several models, -MODEL precedes the suffix.
Exit codes: 0 done, 1 failed, 64 usage.
"""

from __future__ import annotations

import json
import statistics
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "weights/recipe"))
from recipe.chart import Panel, Series, chart  # noqa: E402

BLUE, BROWN = 210, 30


def measured(places: list[float], values: list[list[float]]) -> Series:
    """Returns medians, with the range of the rounds."""
    medians = [(place, statistics.median(one)) for place, one in zip(places, values)]
    return Series("measured", medians, BLUE, [(min(one), max(one)) for one in values])


def speedup_chart(model: dict, title: str) -> str | None:
    """Returns the picture of a model's factors, if it has several."""
    plans = [plan for plan in model["decoding"] if plan["speedup"]]
    factors = [1 if plan["mtd"] == "off" else int(plan["mtd"]) for plan in plans]
    if len(factors) < 2:
        return None
    limit = Series("limit by bytes", [(factor, plan["limit_of_speedup"]) for factor, plan in zip(factors, plans)], BROWN, dashed=True)
    lines = [limit, measured(factors, [plan["speedup"] for plan in plans])]
    return chart(title, [Panel("tokens a trunk pass", "speed over vanilla decoding: median and range of rounds", lines, dotted=True)])


def passes_chart(model: dict, title: str) -> str | None:
    """Returns the picture of what a pass over several tokens costs, if that was measured."""
    passes = model.get("passes") or []
    if not passes:
        return None
    rows = [one["rows"] for one in passes]
    alone = Series("token by token", [(row, row) for row in rows], BROWN, dashed=True)
    lines = [alone, measured(rows, [one["ratio"] for one in passes])]
    return chart(title, [Panel("tokens a pass", "time over that of a pass over one token: median and range", lines, dotted=True)])


def main() -> int:
    if len(sys.argv) < 2:
        print(__doc__, file=sys.stderr)
        return 64
    for name in sys.argv[1:]:
        try:
            result = json.loads(Path(name).read_text())
            for model in result["models"]:
                title = f"{model['model']}, {' '.join(model['formats'])}, {result['threads']} threads, {result['instruction_set']}"
                middle = f"-{model['model']}" if len(result["models"]) > 1 else ""
                for kind, draw in (("speedup", speedup_chart), ("passes", passes_chart)):
                    if picture := draw(model, title):
                        path = Path(name.removesuffix(".json") + f"{middle}-{kind}.svg")
                        path.write_text(picture)
                        print(path)
        except (OSError, ValueError, KeyError, TypeError) as error:
            print(f"plots.py: {name} is not the output of volley bench -o json ({error!r}).", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
