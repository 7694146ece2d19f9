"""Writes the tables of the documents from the records in bench/results.

    python3 docs/tools/measurements.py           # writes each table between its marks
    python3 docs/tools/measurements.py --check   # fails if a table is not what the records say

A mark is a comment: `table NAME`, and `end` behind the table. NAMES below says what each table is.
Exit codes: 0 done, 1 failed, 64 usage.
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

from records import RESULTS, ROOT, catalogue
from tables import Tables

PAGES = ["README.md", *(f"docs/{name}.md" for name in (
    "speed", "measurements", "plans", "serving", "format", "how-it-works", "layer-skipping", "kernels")),
    "Sources/Volley/Volley.docc/Formats.md"]
BLOCK = re.compile(r"(<!-- table (\S+) -->\n).*?(<!-- end -->)", re.S)
NAMES = {
    "overview": Tables.overview,
    "peers": Tables.peers,
    "race-zen5": lambda tables: tables.race("Zen 5"),
    "race-zen4": lambda tables: tables.race("Zen 4"),
    "race-screened": Tables.screened_race,
    "race-llama.cpp": lambda tables: tables.one_peer("Zen 4"),
    "factors-zen5": lambda tables: tables.factors("Zen 5"),
    "factors-zen4": lambda tables: tables.factors("Zen 4"),
    "passes-zen5": lambda tables: tables.passes("Zen 5"),
    "passes-zen4": lambda tables: tables.passes("Zen 4"),
    "depth": Tables.depth,
    "screen": Tables.screen,
    "cycles": Tables.cycles,
    "drafts": Tables.drafts,
    "skipping": Tables.skipping,
    "serving": Tables.serving,
    "agreement": Tables.agreement,
    "what-loads": Tables.what_loads,
    "storage-trained": lambda tables: tables.storage("weights-trained"),
    "storage-smollm2": lambda tables: tables.storage("weights-smollm2"),
}


def written(page: Path, text: str) -> str:
    """Returns a page's text with its tables as the records give them."""
    tables = Tables(catalogue(), os.path.relpath(RESULTS, page.parent) + "/")

    def block(match: re.Match) -> str:
        if match[2] not in NAMES:
            sys.exit(f"measurements.py: {page.relative_to(ROOT)} names an unknown table {match[2]}; one of {', '.join(NAMES)}.")
        return f"{match[1]}\n{NAMES[match[2]](tables)}\n\n{match[3]}"

    return BLOCK.sub(block, text)


def main() -> int:
    if sys.argv[1:] not in ([], ["--check"]):
        print(__doc__, file=sys.stderr)
        return 64
    stale = []
    for page in filter(Path.exists, (ROOT / name for name in PAGES)):
        before = page.read_text()
        after = written(page, before)
        if after != before and sys.argv[1:]:
            stale.append(str(page.relative_to(ROOT)))
        elif after != before:
            page.write_text(after)
    if stale:
        print(f"measurements.py: tables of {', '.join(stale)} are not what the records say; run make tables.", file=sys.stderr)
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
