#!/usr/bin/env python3
"""Measures decoding under a JSON schema beside free decoding: tokens per second, by factor, interleaved.

    bench/constrained.py --name constrained-smollm2 --model "$(bench/smollm2/fetch.sh)" --threads 2 --mtd off,2,4

Each round runs `volley generate` twice for each factor, with and without the schema, for the same number of tokens. The schema's text
never ends before. Masks are made within the measured time: each process begins without any. The ratio is that of a round's two runs.
The record goes to bench/results/NAME.json.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
from pathlib import Path

from support.engines import MeasurementError, run
from support.machine import describe_machine
from support.summary import format_table, shown, summarise

ROOT = Path(__file__).resolve().parents[1]
PERSON = {
    "type": "object",
    "properties": {
        "name": {"type": "string"},
        "age": {"type": "integer", "minimum": 0, "maximum": 130},
        "tags": {"type": "array", "items": {"type": "string", "maxLength": 20}, "maxItems": 4},
        "role": {"enum": ["admin", "editor", "reader"]},
        "score": {"type": "number"},
    },
    "required": ["name", "age", "tags", "role", "score"],
}
SCHEMA = {"type": "array", "items": PERSON, "minItems": 1000}
PROMPT = "Make a long list of people as JSON, with name, age, tags, role and score."


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--name", required=True)
    parser.add_argument("--model", help="the embedded model by default")
    parser.add_argument("--volley", type=Path, default=ROOT / ".build/release/volley")
    parser.add_argument("--mtd", default="off,2,4")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("-n", type=int, default=200, help="tokens a run")
    parser.add_argument("-r", type=int, default=5, help="rounds")
    parser.add_argument("--temperature", default="0")
    arguments = parser.parse_args()
    factors = arguments.mtd.split(",")
    machine = describe_machine()
    rounds: dict[str, list[dict[str, float]]] = {factor: [] for factor in factors}
    with tempfile.TemporaryDirectory() as directory:
        schema = Path(directory) / "schema.json"
        schema.write_text(json.dumps(SCHEMA))
        for number in range(arguments.r):
            for factor in factors:
                ways = {"free": [], "constrained": ["--json-schema", str(schema)]}
                # The first of a pair changes, for machines whose speed drifts.
                order = list(ways) if number % 2 == 0 else list(ways)[::-1]
                speeds = {way: speed(arguments, factor, ways[way]) for way in order}
                rounds[factor].append(speeds)
                print(f"round {number + 1}, {factor}: {speeds}", file=sys.stderr)
    rows = [["plan", "free, tokens/s", "constrained, tokens/s", "constrained ÷ free"]]
    for factor in factors:
        free, constrained = ([pair[way] for pair in rounds[factor]] for way in ("free", "constrained"))
        ratios = [pair["constrained"] / pair["free"] for pair in rounds[factor]]
        name = "off" if factor == "off" else f"mtd {factor}"
        rows.append([name, shown(summarise(free), 1), shown(summarise(constrained), 1), shown(summarise(ratios), 3)])
    print(format_table(rows))
    record = {
        "machine": machine, "model": Path(arguments.model).name if arguments.model else "volley-5m",
        "tokens": arguments.n, "temperature": float(arguments.temperature), "threads": arguments.threads, "schema": SCHEMA,
        "rounds": rounds,
        "ratio": {
            factor: statistics.median(pair["constrained"] / pair["free"] for pair in rounds[factor]) for factor in factors
        },
    }  # fmt: skip
    (ROOT / "bench/results" / f"{arguments.name}.json").write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n")
    return 0


def speed(arguments, factor: str, extra: list[str]) -> float:
    command = [
        *(str(arguments.volley), "generate", "--json", "--ignore-eos", "--mtd", factor, "--max-tokens", str(arguments.n)),
        *("--threads", str(arguments.threads), "--temperature", arguments.temperature, "--seed", "1"),
        *(["--model", arguments.model] if arguments.model else []), *extra, PROMPT,
    ]  # fmt: skip
    document = json.loads(run(command))
    if len(document["tokens"]) != arguments.n:
        raise MeasurementError(f"a run made {len(document['tokens'])} tokens; the schema should take {arguments.n}")
    return document["stats"]["tokens_per_second"]


if __name__ == "__main__":
    try:
        sys.exit(main())
    except MeasurementError as error:
        sys.exit(f"constrained.py: {error}")
