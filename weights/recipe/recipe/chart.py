"""Line charts as small SVG files that follow the reader's light or dark theme. Needs nothing but Python."""

from __future__ import annotations

import math
from colorsys import hls_to_rgb
from dataclasses import dataclass, field
from html import escape

WIDTH, HEIGHT = 860, 300
LEFT, RIGHT, TOP, BOTTOM = 62, 150, 36, 46
PIXELS_A_POINT = 6
"""Points closer than this are averaged."""

STYLE = """text{font:12px system-ui,sans-serif;fill:#1c1d1f}.soft{fill:#5c6066}.page{fill:#fff}.grid{stroke:#dcdedf}.mark{stroke:#8b9097}
polyline{fill:none;stroke-width:1.6}.dashed{stroke-dasharray:5 4}
@media (prefers-color-scheme:dark){text{fill:#e6e7e8}.soft{fill:#9ba1a8}.page{fill:#16181b}.grid{stroke:#353a40}.mark{stroke:#5c6066}}"""


@dataclass
class Series:
    """A line; `ranges` are the lowest and highest values beside each point."""

    name: str
    points: list[tuple[float, float]]
    hue: float
    ranges: list[tuple[float, float]] = field(default_factory=list)
    dashed: bool = False

    @property
    def style(self) -> str:
        return ' class="dashed"' if self.dashed else ""

    @property
    def colour(self) -> str:
        return "#" + "".join(f"{round(255 * part):02x}" for part in hls_to_rgb(self.hue / 360, 0.52, 0.62))


@dataclass
class Panel:
    across: str
    up: str
    series: list[Series]
    logarithmic: bool = False
    marks: list[tuple[float, str]] = field(default_factory=list)
    """Vertical lines with a name."""
    dotted: bool = False
    """Draws each point, for few of them."""

    def svg(self, top: float) -> list[str]:
        right, bottom = WIDTH - RIGHT, top + HEIGHT - BOTTOM
        across = Axis([x for one in self.series for x, _ in one.points], LEFT, right)
        values = [y for one in self.series for _, y in one.points] + [y for one in self.series for pair in one.ranges for y in pair]
        up = Axis(values, bottom, top + TOP, self.logarithmic, padded=True)
        lines = []
        for value in up.ticks():
            y = up(value)
            lines += [f'<path class="grid" d="M{LEFT} {y:.0f}H{right}"/>', text(f"{value:g}", LEFT - 6, y + 4, "end", "soft")]
        for value in across.ticks():
            lines.append(text(f"{value:,.0f}", across(value), bottom + 16, "middle", "soft"))
        for x, name in self.marks:
            lines += [f'<path class="mark" d="M{across(x):.0f} {top + TOP}V{bottom}"/>', text(name, across(x) + 4, top + TOP - 4)]
        for one in self.series:
            lines += self.line(one, across, up)
        named: dict[str, Series] = {}
        for one in self.series:
            named.setdefault(one.name, one)
        for number, one in enumerate(named.values()):
            y = top + TOP + 8 + 17 * number
            lines += [f'<path{one.style} d="M{right + 12} {y}h18" stroke="{one.colour}" stroke-width="2"/>', text(one.name, right + 36, y + 4)]
        lines += [text(self.across, (LEFT + right) / 2, bottom + 34, "middle"), text(self.up, 8, top + 12)]
        return lines

    def line(self, one: Series, across: Axis, up: Axis) -> list[str]:
        places = thinned([(across(x), up(y)) for x, y in one.points])
        points = " ".join(f"{x:.0f},{y:.1f}" for x, y in places)
        lines = [f'<polyline{one.style} stroke="{one.colour}" points="{points}"/>']
        for (x, _), (low, high) in zip(one.points, one.ranges):
            lines.append(f'<path stroke="{one.colour}" d="M{across(x):.1f} {up(low):.1f}V{up(high):.1f}"/>')
        if self.dotted:
            lines += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{one.colour}"/>' for x, y in places]
        return lines


class Axis:
    """Maps values to pixels, from `start` at the lowest to `end` at the highest."""

    def __init__(self, values: list[float], start: float, end: float, logarithmic: bool = False, padded: bool = False):
        self.logarithmic, self.start, self.end = logarithmic, start, end
        positive = [value for value in values if value > 0]
        self.low, self.high = (min(positive), max(positive)) if logarithmic else (min(values), max(values))
        if padded and not logarithmic:
            space = max(self.high - self.low, 1e-9) / 12
            self.low, self.high = self.low - space, self.high + space

    def __call__(self, value: float) -> float:
        shown = max(value, self.low) if self.logarithmic else value
        place = math.log if self.logarithmic else float
        span = place(self.high) - place(self.low) or 1
        return self.start + (self.end - self.start) * (place(shown) - place(self.low)) / span

    def ticks(self) -> list[float]:
        if self.logarithmic:
            powers = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
            steps = (1, 2, 5) if len(powers) < 5 else (1,)
            return [step * 10.0**power for power in powers for step in steps if self.low <= step * 10.0**power <= self.high]
        power = 10.0 ** math.floor(math.log10((self.high - self.low or 1) / 4))
        step = next(size * power for size in (1, 2, 5, 10) if (self.high - self.low) / (size * power) <= 8)
        first = math.ceil(self.low / step)
        return [round(n * step, 10) for n in range(first, math.floor(self.high / step) + 1)]


def thinned(places: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Averages points that share a few pixels; keeps the last one."""
    kept: list[tuple[float, float]] = []
    group: list[tuple[float, float]] = []
    for place in places:
        if group and place[0] - group[0][0] >= PIXELS_A_POINT:
            kept.append((group[0][0], sum(y for _, y in group) / len(group)))
            group = []
        group.append(place)
    return kept + ([(group[-1][0], group[-1][1])] if group else [])


def text(words: str, x: float, y: float, anchor: str = "start", style: str = "") -> str:
    attributes = (f' text-anchor="{anchor}"' if anchor != "start" else "") + (f' class="{style}"' if style else "")
    return f'<text x="{x:.0f}" y="{y:.0f}"{attributes}>{escape(words)}</text>'


def chart(title: str, panels: list[Panel]) -> str:
    """Returns an SVG with the panels below each other; the title is shown, and read out by screen readers."""
    height = 24 + HEIGHT * len(panels)
    body = [line for number, panel in enumerate(panels) for line in panel.svg(24 + HEIGHT * number)]
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img">', f"<title>{escape(title)}</title>",
        f"<style>{STYLE}</style>", f'<rect class="page" width="{WIDTH}" height="{height}" rx="6"/>', text(title, 8, 17), *body, "</svg>", ""])


def hues(count: int) -> list[float]:
    """Returns as many hues, as different as they can be."""
    return [(210 + 360 * number / max(count, 1)) % 360 for number in range(count)]
