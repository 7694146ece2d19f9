"""Draws a race: replays a `volley compare` of one prompt in slow motion, as an animated SVG.

    python3 bench/race_picture.py docs/race.svg "Repeat this list five times: 75 36 57"

Tokens appear when their pass ends. A cycle's first token waits for trunk and head, the others for the head alone; both times follow
the bytes read, scaled to the median measured speed. VOLLEY names the executable (default .build/release/volley); --model and --mtd
are volley's. Without animation the picture shows the finished race. Exit codes: 0 done, 1 failed, 64 usage.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from html import escape

from support.usage import UsageParser

SECONDS, REST = 6.0, 4.0  # duration of the slowest answer, and of the still picture after it
WIDTH, MARGIN, LINE, CHARACTER = 920, 16, 19, 7.9
HUES = [210, 165, 85, 45, 25, 350, 300, 260]

STYLE = """text{font:13px ui-monospace,SFMono-Regular,Menlo,monospace;fill:#1c1d1f;white-space:pre}
.title{font-weight:700}.soft{fill:#5c6066}.page{fill:#fbfbfa;stroke:#dcdedf}.track{fill:#e8eaeb}.bar{fill:#3b74b9}
@media (prefers-color-scheme:dark){text{fill:#e6e7e8}.soft{fill:#9ba1a8}.page{fill:#16181b;stroke:#353a40}
.track{fill:#2a2f35}.bar{fill:#5b97de}}
"""


def output_of(*arguments: str) -> str:
    volley = os.environ.get("VOLLEY", ".build/release/volley")
    try:
        return subprocess.run([volley, *arguments], check=True, capture_output=True, text=True).stdout
    except FileNotFoundError:
        sys.exit(f"race_picture.py: there is no {volley}; run make build, or name it in VOLLEY.")
    except subprocess.CalledProcessError as error:
        sys.exit(f"race_picture.py: volley {arguments[0]} failed: {error.stderr.strip()}")


def pieces_of(tokens: list[int], model: list[str]) -> list[str]:
    """Returns the text of each token, "" for control tokens."""
    known: dict[int, str] = {}
    for token in set(tokens):
        piece = output_of("tokenize", *model, "--decode", str(token)).removesuffix("\n")
        known[token] = "" if piece.startswith("<|") else piece
    return [known[token] for token in tokens]


def arrivals(answer: dict) -> list[float]:
    """Returns seconds from the first token to each, at the measured speed; passes with the trunk take longer."""
    factor = 1 if answer["mtd"] == "off" else int(answer["mtd"])
    limit = answer["limit_of_speedup"]
    # (trunk + head) / (trunk / factor + head) = limit, with head = 1.
    trunk = 0.0 if factor == 1 else (limit - 1) / (1 - limit / factor)
    lengths = [0.0] + [1 + (trunk if cycle_index == 0 else 0) for cycle_index in answer["cycle_places"][1:]]
    seconds = (len(lengths) - 1) / statistics.median(answer["tokens_per_second"])
    scale = seconds / sum(lengths)
    return [scale * sum(lengths[: index + 1]) for index in range(len(lengths))]


def lines_of(pieces: list[str], columns: int) -> list[tuple[int, int]]:
    """Returns line and column of each piece, wrapping between words."""
    line = column = 0
    positions = []
    for index, piece in enumerate(pieces):
        word = piece.lstrip("\n")
        rest = pieces[index + 1 :]
        ahead = len(word) + sum(len(p) for p in rest[: next((i for i, p in enumerate(rest) if p[:1].isspace()), 0)])
        line, column = (line + 1, 0) if "\n" in piece else (line, column)
        if column and column + ahead > columns:
            line, column = line + 1, 0
        positions.append((line, column))
        column += len(word)
    return positions


def lane(answer: dict, number: int, lanes: int, fastest: float, slow: float, model: list[str]) -> tuple[str, int]:
    """Returns one answer's column of the picture and its number of lines."""
    left = MARGIN + number * (WIDTH - MARGIN) / lanes
    width = (WIDTH - MARGIN) / lanes - MARGIN
    pieces = pieces_of(answer["tokens"], model)
    positions = lines_of(pieces, int(width / CHARACTER))
    speed = statistics.median(answer["tokens_per_second"])
    ends = arrivals(answer)
    title = "vanilla" if answer["mtd"] == "off" else f"--mtd {answer['mtd']}"
    share = speed / fastest * width
    shapes = [
        f'<text class="title" x="{left:.1f}" y="34">{title}</text>',
        f'<text class="soft" x="{left + width:.1f}" y="34" text-anchor="end">{speed:,.0f} tokens/s, '
        f'{statistics.median(answer["speedup"]):.2f}×</text>',
        f'<rect class="track" x="{left:.1f}" y="42" width="{width:.1f}" height="6" rx="3"/>',
        f'<rect class="bar" x="{left:.1f}" y="42" width="{share:.1f}" height="6" rx="3">'
        f'<animate attributeName="width" from="0" to="{share:.1f}" begin="race.begin" dur="{slow * ends[-1]:.2f}s"/></rect>',
    ]
    for piece, end, cycle_index, (line, column) in zip(pieces, ends, answer["cycle_places"], positions):
        word = piece.strip("\n")
        if not word.strip():
            continue
        style = "" if cycle_index is None else f' style="fill:hsl({HUES[cycle_index % len(HUES)]} 70% 48%)"'
        bold = ' font-weight="700"' if cycle_index == 0 else ""
        hidden = f'<set attributeName="visibility" to="hidden" begin="race.begin" dur="{max(slow * end, 0.01):.2f}s"/>'
        x, y = left + column * CHARACTER, 72 + line * LINE
        shapes.append(f'<text x="{x:.1f}" y="{y}"{style}{bold}>{escape(word)}{hidden}</text>')
    return "\n".join(shapes), 1 + max(line for line, _ in positions)


def picture(document: dict, model: list[str]) -> str:
    comparison = document["comparisons"][0]
    answers = comparison["answers"]
    fastest = max(statistics.median(answer["tokens_per_second"]) for answer in answers)
    slow = SECONDS / max(arrivals(answer)[-1] for answer in answers)
    drawn = [lane(answer, number, len(answers), fastest, slow, model) for number, answer in enumerate(answers)]
    height = 72 + LINE * max(lines for _, lines in drawn) + 16
    caption = f"{document['model']}, {document['threads']} threads of an {document['processor']}, slowed {slow:.0f} times"
    return f"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" role="img">
<title>{escape(comparison["prompt"])}: {caption}</title>
<style>{STYLE}</style>
<rect class="page" x="0.5" y="0.5" width="{WIDTH - 1}" height="{height - 1}" rx="8">
<animate id="race" attributeName="rx" from="8" to="8" begin="0s;race.end" dur="{SECONDS + REST}s"/></rect>
{chr(10).join(shapes for shapes, _ in drawn)}
<text class="soft" x="{MARGIN}" y="{height - 12}">{escape(caption)}</text>
</svg>
"""


def main() -> None:
    parser = UsageParser(description=__doc__.split("\n")[0])
    parser.add_argument("file")
    parser.add_argument("prompt")
    parser.add_argument("--model", help="volley's --model (default: the embedded model)")
    parser.add_argument("--mtd", default="off,2,4", help="volley's --mtd: factors")
    options = parser.parse_args()
    model = ["--model", options.model] if options.model else []
    document = json.loads(output_of("compare", *model, "--mtd", options.mtd, "--json", options.prompt))
    temporary = options.file + ".part"
    with open(temporary, "w", encoding="utf-8") as file:
        file.write(picture(document, model))
    os.replace(temporary, options.file)


if __name__ == "__main__":
    main()
