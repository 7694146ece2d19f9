"""Measures prompt and decode speed of volley and llama.cpp on the same file, interleaved.

    python3 bench/decode.py --name smollm2 --model "$(bench/smollm2/fetch.sh)" \\
        --peer llama.cpp=/tmp/peers/bin/llama-bench

Each round measures every engine once, first on the prompt and then on decoding. Every second round reverses the order, so that
a slowing or shared machine affects all engines alike. Ratios are taken within a round. A discarded warm-up round brings the file
into memory. The result goes to bench/results/NAME.json and, as a table, to standard output. Exit codes: 0 done, 1 failed,
64 usage.
"""

from __future__ import annotations

import argparse
import datetime
import hashlib
import json
import shlex
import sys
from pathlib import Path

from support.engines import LlamaBenchEngine, MeasurementError, VolleyEngine, Workload, run
from support.machine import describe_machine
from support.summary import format_table, shown, summarise
from support.usage import UsageParser, positive

ROOT = Path(__file__).resolve().parents[1]
KINDS = ("prompt", "decode")
FASTEST = "fastest peer"
IDLE_LOAD = 0.5
"""A one-minute load average above this gives a warning: other programs share the cores."""


def main() -> int:
    arguments = parse_arguments()
    work = Workload(arguments.model, arguments.prompt, arguments.decode, arguments.threads)
    engines = make_engines(arguments)
    machine = describe_machine()
    if machine["load_before"] > IDLE_LOAD:
        print(f"decode.py: the load is {machine['load_before']}; spinning threads suffer most.", file=sys.stderr)
    try:
        versions = {engine.name: warm_up(engine, work) for engine in engines}
        rounds = measure(engines, work, arguments.repeats)
    except MeasurementError as error:
        print(f"decode.py: {error}.", file=sys.stderr)
        return 1
    result = {
        "name": arguments.name,
        "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "machine": machine,
        "model": {"file": work.model.name, "sha256": sha256(work.model), "bytes": work.model.stat().st_size},
        "workload": {"prompt": work.prompt_count, "decode": work.decode_count, "threads": work.threads},
        "versions": versions,
        "commands": {engine.name: shown_commands(engine, work) for engine in engines},
        "unit": "tokens per second; ratios are over the named engine, round by round",
        "rounds": rounds,
        "summary": summarise_rounds(rounds, engines),
    }
    write(result, ROOT / "bench/results" / f"{arguments.name}.json")
    print(table(result))
    return 0


def parse_arguments() -> argparse.Namespace:
    parser = UsageParser(description="Compares volley and llama.cpp on the same file.")
    parser.add_argument("--model", type=Path, required=True, help="a .gguf file")
    parser.add_argument("--name", default="decode", help="name of the result, bench/results/NAME.json")
    parser.add_argument("--volley", default=str(ROOT / ".build/release/volley"), help="path of the executable, or none")
    parser.add_argument("--mtd", default="off", help="volley's factors, for example off,4")
    parser.add_argument("--activations", default="int16", help="volley's activation formats, for example int16,int8")
    parser.add_argument("--screened", default="", help="factors to measure again with --screen, for example 4")
    parser.add_argument(
        "--peer", action="append", default=[], metavar="NAME=COMMAND", help="a llama-bench command, with arguments if needed"
    )
    parser.add_argument("--threads", type=positive, default=2)
    parser.add_argument("-p", "--prompt", type=positive, default=512, help="prompt tokens")
    parser.add_argument("-n", "--decode", type=positive, default=128, help="tokens to generate")
    parser.add_argument("-r", "--repeats", type=positive, default=5)
    arguments = parser.parse_args()
    if not arguments.model.is_file():
        parser.error(f"there is no file {arguments.model}")
    if not all("=" in peer for peer in arguments.peer):
        parser.error("--peer takes NAME=COMMAND, for example llama.cpp=DIR/bin/llama-bench")
    if arguments.volley == "none" and not arguments.peer:
        parser.error("nothing to measure: no volley and no peer")
    return arguments


def make_engines(arguments: argparse.Namespace) -> list:
    plans = [] if arguments.volley == "none" else arguments.mtd.split(",")
    volleys = [
        # Prompt speed does not depend on the plan.
        VolleyEngine(Path(arguments.volley), mtd, activations, reads_prompts=mtd == plans[0])
        for activations in arguments.activations.split(",")
        for mtd in plans
    ]
    screened = arguments.screened.split(",") if arguments.screened and plans else []
    volleys += [VolleyEngine(Path(arguments.volley), mtd, "int16", reads_prompts=False, screens=True) for mtd in screened]
    return volleys + [LlamaBenchEngine(*peer.split("=", 1)) for peer in arguments.peer]


def warm_up(engine, work: Workload) -> str:
    """Runs both measurements once, discards them and returns the engine's version."""
    if engine.reads_prompts:
        run(engine.prompt_command(work))
    return engine.version(run(engine.decode_command(work)))


def measure(engines: list, work: Workload, repeats: int) -> list[dict]:
    """Returns, for each round, `{kind: {engine: tokens per second}}`."""
    rounds = []
    for index in range(repeats):
        ordered = engines if index % 2 == 0 else engines[::-1]
        rounds.append(
            {kind: {each.name: speed(each, work, kind) for each in measured(ordered, kind)} for kind in KINDS}
        )
        print(f"round {index + 1} of {repeats}: {json.dumps(rounds[-1])}", file=sys.stderr)
    return rounds


def measured(engines: list, kind: str) -> list:
    return [engine for engine in engines if kind == "decode" or engine.reads_prompts]


def speed(engine, work: Workload, kind: str) -> float:
    """Returns one measurement in tokens per second."""
    if kind == "prompt":
        return round(engine.prompt_speed(run(engine.prompt_command(work))), 3)
    return round(engine.decode_speed(run(engine.decode_command(work))), 3)


def summarise_rounds(rounds: list[dict], engines: list) -> dict:
    """Returns each engine's speed and its ratio over the engines it is compared with, by kind.

    Volley, with any plan and activations, is compared with every peer. Without volley, the first peer is compared with the others.
    With several peers, the fastest of each round is one more.
    """
    summary: dict = {}
    for kind in KINDS:
        names = [engine.name for engine in measured(engines, kind)]
        peers = [engine.name for engine in measured(engines, kind) if engine.is_peer]
        for name in names:
            summary.setdefault(kind, {})[name] = {"speed": summarise([each[kind][name] for each in rounds]), "over": {}}
        ours = [name for name in names if name not in peers] or names[:1]
        for name in ours:
            others = [peer for peer in peers if peer != name]
            over = {other: [each[kind][name] / each[kind][other] for each in rounds] for other in others}
            if len(others) > 1:
                over[FASTEST] = [each[kind][name] / max(each[kind][other] for other in others) for each in rounds]
            summary[kind][name]["over"] = {other: summarise(ratios) for other, ratios in over.items()}
    return summary


def shown_commands(engine, work: Workload) -> list[str]:
    """Returns the commands with paths reduced to file names and long lists of ids shortened."""

    def short(word: str) -> str:
        word = Path(word).name if "/" in word else word
        return word if len(word) <= 80 else f"{word[:20]}…({word.count(',') + 1} ids)"

    commands = [engine.prompt_command(work)] if engine.reads_prompts else []
    return [shlex.join(map(short, command)) for command in [*commands, engine.decode_command(work)]]


def table(result: dict) -> str:
    """Returns the summary as a Markdown table, headed by the machine."""
    machine, work, names = result["machine"], result["workload"], list(result["versions"])
    heading = (
        f"{result['model']['file']}, {work['threads']} threads, {len(result['rounds'])} rounds, median (min–max); "
        f"{machine['processor']}, {' '.join(machine['flags'])}; load before {machine['load_before']}\n\n"
    )
    others = list(result["summary"]["decode"][names[0]]["over"])
    rows = [["", "tokens/s", *(f"÷ {other}" for other in others)]]
    for kind in KINDS:
        for name, entry in result["summary"][kind].items():
            ratios = [shown(entry["over"][other], 2) if other in entry["over"] else "" for other in others]
            rows.append([f"{kind} {work[kind]}, {name}", shown(entry["speed"], 1), *ratios])
    return heading + format_table(rows)


def write(result: dict, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n")
    print(f"written: {path}", file=sys.stderr)


def sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


if __name__ == "__main__":
    sys.exit(main())
