"""Checks documents without a network: relative links, anchors, named files, and spelling.

    python3 docs/tools/check.py links          # every relative link and anchor leads somewhere
    python3 docs/tools/check.py spelling       # needs codespell: docs/tools/setup.sh installs it
    python3 docs/tools/check.py words FILE…    # words a sentence, and numbers to a hundred words

Exit codes: 0 done, 1 faults were found, 64 usage.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import markdown

ROOT = Path(__file__).resolve().parents[2]
VENV = Path(__file__).resolve().parent / ".venv/bin"
SPELLED = (".md", ".swift", ".py", ".sh", ".c", ".h", ".html", ".mustache", ".yml", ".yaml", "Makefile")
PLAIN_WORD = r"(?<![\w/])[A-Za-z][a-z'’-]+(?![\w(])"  # no camelCase, no calls
NAMED = re.compile(r"(?<![\w./-])(?:docs|weights|bench)/[\w./-]+\.(?:md|py|sh|svg)\b(?![\w/*])")


def tracked() -> list[Path]:
    """Returns the repository's files, new ones included."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, check=True, capture_output=True, text=True)
    return [ROOT / name for name in sorted(set(listed.stdout.split("\0"))) if name and (ROOT / name).is_file()]


@cache
def anchors_of(path: Path) -> set[str]:
    return markdown.anchors(markdown.read(path))


def broken_link(page: Path, target: str) -> str | None:
    """Says what is wrong with a link of a page, if anything is."""
    if re.match(r"[a-z][a-z0-9+.-]*:", target):
        return None
    name, _, fragment = target.partition("#")
    path = (page.parent / name).resolve() if name else page
    if not path.exists():
        return f"there is no {name}"
    if path != ROOT and ROOT not in path.parents:
        return f"{name} is outside the repository"
    if fragment and path.is_dir():
        path /= "README.md"
    if fragment and path.suffix == ".md" and fragment not in anchors_of(path):
        return f"{name or page.name} has no heading #{fragment}"
    return None


def link_faults(pages: list[Path]) -> list[str]:
    return [
        f"{page.relative_to(ROOT)}:{line}: {fault}"
        for page in pages if ".docc" not in str(page)
        for line, target in markdown.links(markdown.read(page))
        if (fault := broken_link(page, target))
    ]


def missing_names(files: list[Path]) -> list[str]:
    """Says which files that comments, help and documents name do not exist."""
    faults = []
    for file in files:
        if file.name == "CHANGELOG.md" or "notebook" in file.parts or file.suffix not in (".md", ".swift", ".py", ".sh", ".c", ".h"):
            continue
        for number, line in enumerate(markdown.read(file).splitlines(), 1):
            for name in NAMED.findall(line):
                if not (ROOT / name).exists() and not (file.parent / name).exists():
                    faults.append(f"{file.relative_to(ROOT)}:{number}: there is no {name}")
    return faults


def check_links() -> int:
    files = tracked()
    pages = [file for file in files if file.suffix == ".md"]
    faults = link_faults(pages) + missing_names([file for file in files if "Tests" not in file.parts])
    print(*faults, sep="\n", end="\n" if faults else "", file=sys.stderr)
    return 1 if faults else 0


def check_spelling() -> int:
    codespell = next((found for place in (str(VENV), None) if (found := shutil.which("codespell", path=place))), None)
    if not codespell:
        print("check.py: codespell is missing; docs/tools/setup.sh installs it.", file=sys.stderr)
        return 1
    files = [file for file in tracked() if file.name.endswith(SPELLED) and "Tests" not in file.parts]  # tests misspell on purpose
    words = Path(__file__).parent / "codespell-ignored.txt"
    return subprocess.run(
        [codespell, "--builtin", "clear,rare", "--regex", PLAIN_WORD, "--ignore-words", words, *(str(file.relative_to(ROOT)) for file in files)], cwd=ROOT
    ).returncode


def measure(text: str) -> tuple[int, float, float]:
    """Returns words, words a sentence, and numbers to a hundred words, of the running text."""
    prose = markdown.prose(text)
    sentences = [part for part in re.split(r"(?<=[.!?:])[)”\"]*\s+(?=[A-Z`“\"(\d])|\n\s*\n", prose) if re.search(r"[A-Za-z]", part)]
    words = len(prose.split())
    numbers = len(re.findall(r"(?<![\w`])\d[\d,.]*\d|(?<![\w`])\d", re.sub(r"`[^`]*`", "code", prose)))
    return words, words / max(1, len(sentences)), 100 * numbers / max(1, words)


def measure_words(names: list[str]) -> int:
    print(f"{'document':44} {'words':>6} {'a sentence':>10} {'numbers/100':>11}")
    for name in names:
        words, length, numbers = measure(markdown.read(Path(name)))
        print(f"{name:44} {words:6} {length:10.1f} {numbers:11.1f}")
    return 0


def main() -> int:
    match sys.argv[1:]:
        case ["links"]: return check_links()
        case ["spelling"]: return check_spelling()
        case ["words", *names] if names: return measure_words(names)
    print(__doc__, file=sys.stderr)
    return 64


if __name__ == "__main__":
    sys.exit(main())
