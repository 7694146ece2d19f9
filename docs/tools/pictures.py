"""Draws the documents' pictures from records, as small SVG files for light and dark pages.

    python3 docs/tools/pictures.py           # all but docs/race.svg, which bench/race_picture.py measures and draws
    python3 docs/tools/pictures.py --check   # fails if a picture is not what its record says, or is over 50 KB

Exit codes: 0 done, 1 failed, 64 usage.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from records import ROOT, catalogue

sys.path[:0] = [str(ROOT / "bench"), str(ROOT / "weights/recipe")]
from plots import speedup_chart  # noqa: E402
from recipe.curves import training  # noqa: E402

LARGEST = 50_000
LOGS = ROOT / "weights/training"


def speedup(name: str) -> str:
    """Draws the speed of each factor beside what the bytes allow."""
    record = catalogue()[name]
    title = f"Speed by factor: weights in the shape of {record.subject}; two threads, {record.machine}, {record.date}"
    return speedup_chart(record.data["models"][0], title) or sys.exit(f"pictures.py: {name} has no factors.")


def losses(*stages: str) -> str:
    return training([(stage, LOGS / f"{stage}.jsonl") for stage in stages])


PICTURES: dict[str, Callable[[], str]] = {
    "docs/speedup.svg": lambda: speedup("bench-qwen3-4b-q8_0"),
    "weights/training/losses.svg": lambda: losses("pretrain", "finetune", "settle", "polish"),
    "weights/training/depth.svg": lambda: losses("depth", "depth-refined", "depth-pressed", "depth-settled"),
}


def faults() -> list[str]:
    stale = [f"{name} is not what its record says; run make tables" for name, draw in PICTURES.items()
             if not (ROOT / name).exists() or (ROOT / name).read_text() != draw()]
    listed = subprocess.run(["git", "ls-files", "*.svg", "*.png"], cwd=ROOT, check=True, capture_output=True, text=True).stdout.splitlines()
    large = [f"{name} has {size:,} bytes; a picture has at most {LARGEST:,}" for name in listed
             if (ROOT / name).exists() and (size := (ROOT / name).stat().st_size) > LARGEST]
    return stale + large


def main() -> int:
    if sys.argv[1:] not in ([], ["--check"]):
        print(__doc__, file=sys.stderr)
        return 64
    if sys.argv[1:]:
        found = faults()
        for fault in found:
            print(f"pictures.py: {fault}.", file=sys.stderr)
        return 1 if found else 0
    for name, draw in PICTURES.items():
        (ROOT / name).write_text(draw())
        print(name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
