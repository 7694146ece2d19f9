"""The commands of volley as its own help describes them: what docs/commands.md and the man pages are written from."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby


EVERYWHERE = ("help", "version")


@dataclass(frozen=True)
class Option:
    """An option, flag or argument: `spelling` as in `-p, --prompt <prompt>`."""

    spelling: str
    meaning: str


@dataclass(frozen=True)
class Command:
    name: str
    abstract: str
    discussion: str
    usage: str
    sections: list[tuple[str, tuple[Option, ...]]]

    @property
    def paragraphs(self) -> list[str]:
        return [part for part in self.discussion.split("EXAMPLES\n")[0].strip().split("\n\n") if part]

    @property
    def examples(self) -> list[str]:
        _, _, examples = self.discussion.partition("EXAMPLES\n")
        return [line.removeprefix("  ") for line in examples.rstrip().splitlines()]


def commands(volley: str) -> list[Command]:
    """Returns what `volley --experimental-dump-help` says, without the command help."""
    try:
        text = subprocess.run([volley, "--experimental-dump-help"], check=True, capture_output=True, text=True).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        sys.exit(f"{volley} does not print its help ({error}); make build makes it, or name another with --volley.")
    return [command(entry) for entry in json.loads(text)["command"]["subcommands"] if entry["commandName"] != "help"]


def command(entry: dict) -> Command:
    shown = [a for a in entry.get("arguments", []) if a["shouldDisplay"] and a["valueName"] not in EVERYWHERE]
    operands = [argument for argument in shown if argument["kind"] == "positional"]
    named = sorted((a for a in shown if a["kind"] != "positional"), key=lambda a: section_order(a, shown))
    sections = [(name, options_of(members)) for name, members in groupby(named, key=section)]
    if operands:
        sections.insert(0, ("Arguments", options_of(operands)))
    usage = " ".join(["volley", entry["commandName"], "[OPTIONS]", *map(operand, operands)])
    return Command(entry["commandName"], entry.get("abstract", ""), entry.get("discussion", ""), usage, sections)


def section(argument: dict) -> str:
    return argument.get("sectionTitle") or "Options"


def section_order(argument: dict, shown: list[dict]) -> tuple[bool, int]:
    """Sections keep the order of their first option; options without one come last."""
    name = section(argument)
    return name == "Options", next(index for index, one in enumerate(shown) if section(one) == name)


def operand(argument: dict) -> str:
    name = f"<{argument['valueName']}>" + (" ..." if argument["isRepeating"] else "")
    return f"[{name}]" if argument["isOptional"] else name


def options_of(arguments: Iterable[dict]) -> tuple[Option, ...]:
    """Returns one option for each argument, and one for both flags of a pair, which share their meaning."""
    pairs = groupby(map(option, arguments), key=lambda one: one.meaning)
    return tuple(Option(" / ".join(one.spelling for one in same), meaning) for meaning, same in pairs)


def option(argument: dict) -> Option:
    names = [("-" if name["kind"] == "short" else "--") + name["name"] for name in argument.get("names", [])]
    more = " ..." if argument["isRepeating"] else ""
    value = f"<{argument['valueName']}>{more}" if argument["kind"] != "flag" else ""
    spelling = " ".join(part for part in (", ".join(sorted(names, key=len)), value) if part)
    meaning = argument.get("abstract", "")
    values, default = argument.get("allValues", []), argument.get("defaultValue")
    notes = [f"values: {', '.join(values)}"] if values and not all(value in meaning for value in values) else []
    notes += [f"default: {default}"] if default and "(default" not in meaning else []
    return Option(spelling, f"{meaning} ({'; '.join(notes)})".strip() if notes else meaning)
