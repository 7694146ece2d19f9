"""Measures the size and the decoding and loading time of a checkpoint packed in every way.

    python3 bench/weights.py --name smollm2 --model "$(bench/smollm2/fetch.sh)" --scratch /tmp/packed

Packs the checkpoint in every format, with every compression, with and without planes, and loads each copy with one and two threads.
The variants take turns with reading the uncompressed shards, the lower bound for any loader. The files are in the system's cache.
The result goes to bench/results/weights-NAME.json and, as a table, to standard output. Exit codes: 0 done, 1 failed, 64 usage.
"""

from __future__ import annotations

import datetime
import json
import statistics
import subprocess
import sys
from pathlib import Path

from support.machine import describe_machine
from support.summary import format_table, shown, summarise
from support.usage import UsageParser, positive

ROOT = Path(__file__).resolve().parents[1]
BUILD = ["swift", "build", "-c", "release", "--product", "WeightsBench"]


def main() -> int:
    parser = UsageParser(description=__doc__.splitlines()[0])
    parser.add_argument("--name", required=True, help="name of the result")
    parser.add_argument("--model", required=True, type=Path)
    parser.add_argument("--scratch", required=True, type=Path, help="a directory for the packed copies")
    parser.add_argument("--repeats", type=positive, default=7)
    arguments = parser.parse_args()
    machine = describe_machine()
    bench = [".build/release/WeightsBench", str(arguments.model), "--scratch", str(arguments.scratch)]
    try:
        subprocess.run(BUILD, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        output = subprocess.run(
            [*bench, "--rounds", str(arguments.repeats)], cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True
        ).stdout
    except subprocess.CalledProcessError as error:
        print(f"weights.py: {' '.join(map(str, error.cmd))} failed.", file=sys.stderr)
        return 1
    rows = [json.loads(line) for line in output.splitlines()]
    result = {
        "name": arguments.name,
        "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "machine": machine,
        "model": arguments.model.name,
        "command": f"python3 bench/weights.py --name {arguments.name} --model {arguments.model.name} "
        f"--scratch DIRECTORY --repeats {arguments.repeats}",
        "unit": "bytes and seconds; one and two are numbers of threads",
        "rows": rows,
    }
    path = ROOT / "bench/results" / f"weights-{arguments.name}.json"
    path.write_text(json.dumps(result, indent=1) + "\n")
    print(table(rows))
    return 0


def table(rows: list[dict]) -> str:
    heading = [
        "format", "compression", "filter", "size", "MB", "decode 1 thread, GB/s", "2 threads, GB/s",
        "load 2 threads, ms", "raw read 2 threads, ms",
    ]  # fmt: skip
    return format_table([heading, *map(cells, rows)])


def cells(row: dict) -> list[str]:
    rates = [
        shown(summarise([row["bytes"] / 1e9 / seconds for seconds in row["decodes"][threads]]), 1)
        for threads in ("one", "two")
    ]
    return [
        row["format"],
        row["compression"],
        "planes" if row["planes"] else "–",
        f"{row['stored_bytes'] / row['bytes']:.3f}",
        f"{row['stored_bytes'] / 1e6:.1f}",
        *rates,
        f"{1e3 * statistics.median(row['loads']['two']):.0f}",
        f"{1e3 * statistics.median(row['raw_reads']['two']):.0f}",
    ]


if __name__ == "__main__":
    sys.exit(main())
