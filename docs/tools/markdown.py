"""Reads Markdown as far as checks and pages need it: prose, headings, anchors, links."""

from __future__ import annotations

import re
from pathlib import Path

FENCE = re.compile(r"^\s*(```|~~~)")
HEADING = re.compile(r"^(#{1,6})\s+(.*?)\s*#*$")
LINK = re.compile(r"!?\[(?:[^\[\]]|\[[^\]]*\])*\]\(\s*<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\s*\)")
CODE = re.compile(r"(`+)(.+?)\1")


def lines_outside_code(text: str) -> list[tuple[int, str]]:
    """Returns number and text of the lines that are in no fenced or indented block of code."""
    kept, fenced, listed, blank = [], False, False, True
    for number, line in enumerate(text.splitlines(), 1):
        if FENCE.match(line):
            fenced = not fenced
        elif not fenced:
            listed = bool(re.match(r"\s*([-*]|\d+\.)\s", line)) or listed and (not line.strip() or line[:1].isspace())
            if not (line.startswith("    ") and blank and not listed):
                kept.append((number, line))
                blank = not line.strip()
    return kept


def headings(text: str) -> list[tuple[int, str]]:
    """Returns level and text of each heading."""
    found = (HEADING.match(line) for _, line in lines_outside_code(text))
    return [(len(match[1]), match[2]) for match in found if match]


def anchor(heading: str) -> str:
    """Returns the fragment that GitHub gives a heading."""
    plain = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", heading.replace("`", "").replace("*", ""))
    return re.sub(r"[^\w\- ]", "", plain.lower()).replace(" ", "-")


def anchors(text: str) -> set[str]:
    """Returns all fragments of a page; a heading that occurs again gets a number."""
    seen: dict[str, int] = {}
    found = set(re.findall(r"<a (?:id|name)=\"([^\"]+)\"", text))
    for _, heading in headings(text):
        name = anchor(heading)
        found.add(f"{name}-{seen[name]}" if seen.get(name) else name)
        seen[name] = seen.get(name, 0) + 1
    return found


def links(text: str) -> list[tuple[int, str]]:
    """Returns line and target of each link and picture."""
    return [
        (number, match[1])
        for number, line in lines_outside_code(text)
        for match in LINK.finditer(CODE.sub(lambda code: "" if "](" in code[2] else code[0], line))
    ]


def prose(text: str) -> str:
    """Returns the running text: without code, tables, headings, pictures, comments and link targets; an empty line ends a sentence."""
    kept = []
    for _, line in lines_outside_code(re.sub(r"<!--.*?-->", "", text, flags=re.S)):
        if HEADING.match(line) or line.lstrip().startswith(("|", "!", "<")):
            kept.append("")
        elif re.match(r"\s*([-*]|\d+\.)\s", line):
            kept += ["", re.sub(r"^\s*([-*]|\d+\.)\s+", "", line)]
        else:
            kept.append(line)
    without_targets = re.sub(r"!?\[((?:[^\[\]]|\[[^\]]*\])*)\]\([^)]*\)", r"\1", "\n".join(kept))
    return re.sub(r"[*]{1,2}(\S.*?\S|\S)[*]{1,2}", r"\1", without_targets)


def read(path: Path) -> str:
    return path.read_text(encoding="utf-8")
