"""Median and spread of repeated measurements, and tables of them."""

from __future__ import annotations

import statistics


def summarise(values: list[float]) -> dict[str, float]:
    """Returns median, minimum and maximum of at least one value."""
    return {"median": statistics.median(values), "min": min(values), "max": max(values)}


def shown(summary: dict[str, float], digits: int) -> str:
    """Returns `median (min–max)`."""
    median, low, high = (f"{summary[key]:.{digits}f}" for key in ("median", "min", "max"))
    return f"{median} ({low}–{high})"


def format_table(rows: list[list[str]]) -> str:
    """Returns a Markdown table with aligned columns. The first row is the heading."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths)) + " |" for row in rows]
    lines.insert(1, "| " + " | ".join("-" * width for width in widths) + " |")
    return "\n".join(lines)
