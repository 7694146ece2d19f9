"""The records of measurements in bench/results, and the catalogue in its README: what, machine, date, command."""

from __future__ import annotations

import json
import re
import statistics
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "bench/results"
ROW = re.compile(r"^\| \[([^\]]+)\]\(([^)]+)\) \| (.*) \|$")


@dataclass(frozen=True)
class Record:
    """A measurement: its file, and what the catalogue says of it."""

    name: str
    file: str
    measured: str
    machine: str
    date: str
    command: str

    @cached_property
    def data(self) -> dict:
        return json.loads((RESULTS / self.file).read_text())

    @property
    def subject(self) -> str:
        """The model and its format."""
        return self.measured.split(", beside")[0].split(", with")[0]

    @property
    def processor(self) -> str:
        """The machine without its instruction set: `Zen 4`."""
        return self.machine.split(",")[0]

    @property
    def commit(self) -> str:
        """The commit that the record names, if it names one."""
        if not self.file.endswith(".json"):
            return ""
        versions = self.data.get("versions", {})
        found = re.search(r"commit ([0-9a-f]{7,})", str(versions.get("volley") or self.data.get("version") or ""))
        return found[1] if found else ""


def catalogue() -> dict[str, Record]:
    """Returns the records by name, in the catalogue's order."""
    rows = (ROW.match(line) for line in (RESULTS / "README.md").read_text().splitlines())
    records: dict[str, Record] = {}
    before: list[str] = []
    for row in rows:
        if row:
            cells = re.split(r"\s*\|\s*", row[3])
            cells = cells if cells[-1] != "the same" else [*cells[:-1], before[-1]]
            records[row[1]] = Record(row[1], row[2], *cells)
            before = cells
    return records


def median(values: list[float]) -> float:
    return statistics.median(values)


def number(value: float, digits: int = 3) -> str:
    """Returns a number with as many digits, without an exponent: 7.40, 22.9, 1,356."""
    decimals = next((n for n in range(digits - 1, 0, -1) if round(value, n) < 10 ** (digits - n)), 0)
    return f"{value:,.{decimals}f}"


def ratio(value: float) -> str:
    return f"{value:.2f}"


def spread(values: list[float] | dict, shown=ratio) -> str:
    """Returns the median and, in brackets, the range."""
    if isinstance(values, dict):
        low, middle, high = values["min"], values["median"], values["max"]
    else:
        low, middle, high = min(values), median(values), max(values)
    return f"{shown(middle)} ({shown(low)}–{shown(high)})"


def percent(value: float) -> str:
    return f"{100 * value:.0f}"


def table(head: list[str], rows: list[list[str]]) -> str:
    """Returns a Markdown table; columns after the first are aligned to the right."""
    lines = [head, ["---"] + ["---:"] * (len(head) - 1), *rows]
    return "\n".join("| " + " | ".join(row) + " |" for row in lines)
