"""Writes docs/commands.md, or man pages, from the commands' own help.

    python3 docs/tools/commands.py                  # docs/commands.md
    python3 docs/tools/commands.py --check          # fails if docs/commands.md is not what the help says
    python3 docs/tools/commands.py --man DIRECTORY  # volley.1 and a page for each command

--volley names the program (default .build/release/volley). A program that is older than its sources is not checked against.
Exit codes: 0 done, 1 failed, 64 usage.
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

import manual
from manual import Command, Option

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs/commands.md"
HEAD = """# Commands

<!-- Written by docs/tools/commands.py from the commands' help. Do not edit: change the help, then run make reference. -->

`volley help COMMAND` prints the same. Results go to standard output, everything else to standard error. Exit codes: 0 done, 1 failed, 64
wrong usage. A failure is one sentence: what is wrong, where, and what to do. Every command also has `--help`.
"""


def cell(text: str) -> str:
    return re.sub(r"<([^<>]+)>", r"&lt;\1&gt;", text.replace("|", "\\|"))


def table(options: tuple[Option, ...]) -> list[str]:
    return ["| | |", "| --- | --- |"] + [f"| `{o.spelling.replace('|', chr(92) + '|')}` | {cell(o.meaning)} |" for o in options]


def page(commands: list[Command]) -> str:
    lines = [HEAD, "| command | |", "| --- | --- |"]
    lines += [f"| [{c.name}](#{c.name}) | {cell(c.abstract)} |" for c in commands]
    first: dict[tuple[str, tuple[Option, ...]], str] = {}
    for command in commands:
        lines += ["", f"## {command.name}", "", cell(command.abstract), ""]
        lines += [line for paragraph in command.paragraphs for line in (cell(paragraph), "")]
        lines += ["```sh", *(command.examples or [command.usage]), "```", ""]
        for section in command.sections:
            name, options = section
            owner = first.setdefault(section, command.name)
            if owner != command.name:
                lines += [f"**{name}:** as for [{owner}](#{owner}).", ""]
            else:
                lines += [f"**{name}**", "", *table(options), ""]
        lines.pop()
    return "\n".join(lines) + "\n"


def roff(text: str) -> str:
    """Returns text without what troff would take for a request or an escape."""
    escaped = text.replace("\\", "\\e").replace("-", "\\-")
    return "\n".join("\\&" + line if line.startswith((".", "'")) else line for line in escaped.splitlines())


def man_page(command: Command) -> str:
    lines = [f'.TH "VOLLEY\\-{command.name.upper()}" 1', ".SH NAME", f"volley\\-{command.name} \\- {roff(command.abstract.rstrip('.'))}",
             ".SH SYNOPSIS", roff(command.usage)]
    if command.paragraphs:
        lines += [".SH DESCRIPTION", "\n.PP\n".join(map(roff, command.paragraphs))]
    for name, options in command.sections:
        lines.append(f".SH {name.upper()}")
        for option in options:
            lines += [".TP", f"\\fB{roff(option.spelling)}\\fR", roff(option.meaning)]
    if command.examples:
        lines += [".SH EXAMPLES", ".nf", *map(roff, command.examples), ".fi"]
    return "\n".join(lines + [".SH SEE ALSO", "\\fBvolley\\fR(1)"]) + "\n"


def overview(commands: list[Command]) -> str:
    lines = ['.TH "VOLLEY" 1', ".SH NAME", "volley \\- run language models that emit several tokens per trunk pass", ".SH SYNOPSIS",
             "volley COMMAND [OPTIONS]", ".SH COMMANDS"]
    for command in commands:
        lines += [".TP", f"\\fBvolley\\-{command.name}\\fR(1)", roff(command.abstract)]
    return "\n".join(lines + [".SH EXIT STATUS", "0 done, 1 failed, 64 wrong usage."]) + "\n"


def write_man_pages(commands: list[Command], directory: Path) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "volley.1").write_text(overview(commands))
    for command in commands:
        (directory / f"volley-{command.name}.1").write_text(man_page(command))


def is_stale(volley: Path) -> bool:
    built = volley.stat().st_mtime
    return any(source.stat().st_mtime > built for source in (ROOT / "Sources").rglob("*.swift"))


def check(volley: Path) -> int:
    if not volley.exists() or is_stale(volley):
        print(f"commands.py: docs/commands.md was not checked: {volley} is missing or older than the sources.", file=sys.stderr)
        return 0
    if PAGE.read_text() == page(manual.commands(str(volley))):
        return 0
    print("commands.py: docs/commands.md is not what the help says; run make reference.", file=sys.stderr)
    return 1


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0], exit_on_error=False)
    parser.add_argument("--volley", type=Path, default=ROOT / ".build/release/volley")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--man", type=Path, metavar="DIRECTORY")
    try:
        options = parser.parse_args()
    except argparse.ArgumentError as error:
        print(f"commands.py: {error}", file=sys.stderr)
        return 64
    if options.check:
        return check(options.volley)
    commands = manual.commands(str(options.volley))
    if options.man:
        write_man_pages(commands, options.man)
    else:
        PAGE.write_text(page(commands))
    return 0


if __name__ == "__main__":
    sys.exit(main())
