"""Splits files into small parts, for machines that accept only small transfers.

    parcel.py join FOLDER NAME TARGET       joins the parts NAME.00, NAME.01 … of FOLDER
"""

from __future__ import annotations

import sys
from pathlib import Path

PART = 15 * 2**20
"""Size in bytes."""


def split(data: bytes, folder: Path, name: str) -> list[Path]:
    """Writes NAME.00, NAME.01 … and returns their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for begin in range(0, len(data), PART):
        paths.append(folder / f"{name}.{begin // PART:02}")
        paths[-1].write_bytes(data[begin : begin + PART])
    return paths


def join(folder: Path, name: str) -> bytes:
    parts = sorted(folder.glob(f"{name}.[0-9][0-9]"))
    if not parts or [int(part.suffix[1:]) for part in parts] != list(range(len(parts))):
        raise SystemExit(f"parcel: {folder} does not hold all parts of {name}")
    return b"".join(part.read_bytes() for part in parts)


if __name__ == "__main__":
    if len(sys.argv) != 5 or sys.argv[1] != "join":
        raise SystemExit(__doc__)
    Path(sys.argv[4]).write_bytes(join(Path(sys.argv[2]), sys.argv[3]))
