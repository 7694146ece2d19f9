#!/usr/bin/env python3
"""Compares `volley serve` and llama-server on the same weights: tokens per second and time to first token, by number of clients.

    bench/serve_race.py --name serve-smollm2 --model SmolLM2-135M-Instruct.gguf --peer DIR/bin/llama-server

Both servers run all the time and take turns; the idle one is stopped (SIGSTOP). Each round measures every number of clients with
vanilla, each factor and the peer in turn; every second round reverses the order. Prompts are random tokens, so that no cache helps.
Ratios are taken within a round. A short first round is discarded. The result goes to bench/results/NAME.json and, as a table, to
standard output. `--peer none` measures volley alone. Exit codes: 0 done, 1 failed, 64 usage.
"""

from __future__ import annotations

import dataclasses
import datetime
import json
import re
import shlex
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from support.engines import run
from support.machine import describe_machine
from support.streams import Workload, measure
from support.summary import format_table, shown, summarise
from support.usage import UsageParser, positive

ROOT = Path(__file__).resolve().parents[1]
PEER = "llama-server"


class Server:
    """A running server, stopped between its turns."""

    def __init__(self, command: list[str], port: int):
        self.command, self.port = command, port
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self._wait()
        self.model = self._get("/v1/models")["data"][0]["id"]
        self.rest()

    def rest(self):
        self._process.send_signal(signal.SIGSTOP)

    def wake(self):
        self._process.send_signal(signal.SIGCONT)

    def end(self):
        self.wake()
        self._process.terminate()
        self._process.wait(timeout=60)

    def _wait(self):
        for _ in range(600):
            if self._process.poll() is not None:
                sys.exit(f"serve_race.py: {' '.join(self.command)} ended with code {self._process.returncode}.")
            try:
                return self._get("/health")
            except OSError:
                time.sleep(0.1)
        sys.exit(f"serve_race.py: {' '.join(self.command)} did not answer within a minute.")

    def _get(self, path: str) -> dict:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as response:
            return json.load(response)


@dataclasses.dataclass(frozen=True)
class Racer:
    """A server, measured with a factor or without one."""

    name: str
    server: Server
    factor: str | None

    def measure(self, work: Workload, clients: int) -> dict[str, float]:
        self.server.wake()
        speed = measure(self.server.port, self.server.model, work, clients, self.factor)
        self.server.rest()
        return {
            "tokens_per_second": round(speed.tokens_per_second, 2),
            "first_token_seconds": round(speed.first_token_seconds, 4),
        }


def main() -> int:
    arguments = parse_arguments()
    machine = describe_machine()
    servers = start(arguments)
    work = Workload(arguments.prompt, arguments.tokens)
    try:
        racers = [Racer(f"volley {factor}", servers[0], factor) for factor in arguments.mtd.split(",")]
        racers += [Racer(PEER, server, None) for server in servers[1:]]
        for racer in racers:
            racer.measure(Workload(arguments.prompt, 8), 1)
        rounds = [one_round(racers, work, arguments.clients, index) for index in range(arguments.rounds)]
    finally:
        for server in servers:
            server.end()
    result = {
        "name": arguments.name,
        "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "machine": machine,
        "model": {"file": arguments.model.name, "bytes": size(arguments.model)},
        "workload": dataclasses.asdict(work) | {"clients": arguments.clients, "threads": arguments.threads},
        "versions": versions(arguments),
        "commands": [shown_command(server.command) for server in servers],
        "rounds": rounds,
        "summary": summary(rounds, arguments.clients),
    }
    (ROOT / "bench/results" / f"{arguments.name}.json").write_text(json.dumps(result, indent=1) + "\n")
    print(table(result["summary"]))
    return 0


def parse_arguments():
    parser = UsageParser(description="Compares volley serve and llama-server on the same file.")
    parser.add_argument("--model", type=Path, required=True, help="a .gguf file")
    parser.add_argument("--name", required=True, help="name of the result, bench/results/NAME.json")
    parser.add_argument("--volley", default=str(ROOT / ".build/release/volley"))
    parser.add_argument("--peer", required=True, help="llama-server command, with arguments if needed, or none")
    parser.add_argument("--mtd", default="off,4")
    parser.add_argument("--clients", default="1,2,4,8,16", type=lambda text: [positive(n) for n in text.split(",")])
    parser.add_argument("--threads", type=positive, default=2)
    parser.add_argument("-p", "--prompt", type=positive, default=32, help="tokens per prompt")
    parser.add_argument("-n", "--tokens", type=positive, default=128, help="tokens per answer")
    parser.add_argument("-r", "--rounds", type=positive, default=3)
    arguments = parser.parse_args()
    if not arguments.model.exists():
        parser.error(f"there is no {arguments.model}")
    return arguments


def start(arguments) -> list[Server]:
    """Starts the servers in turn, so that only one loads at a time."""
    most, threads = str(max(arguments.clients)), str(arguments.threads)
    port = free_port()
    servers = [
        Server(
            [arguments.volley, "serve", "--model", str(arguments.model), "--port", str(port), "--max-batch", most,
             "--threads", threads], port)
    ]  # fmt: skip
    if arguments.peer != "none":
        port = free_port()
        # Context for every client's tokens. The prompt cache is off, because no prompt repeats.
        context = max(arguments.clients) * 256 * -(-(arguments.prompt + arguments.tokens) // 256)
        servers.append(
            Server(
                [*shlex.split(arguments.peer), "-m", str(arguments.model), "--port", str(port), "-np", most, "-t", threads,
                 "-c", str(context), "--cache-ram", "0"], port)
        )  # fmt: skip
    return servers


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def one_round(racers: list[Racer], work: Workload, counts: list[int], index: int) -> dict:
    ordered = racers if index % 2 == 0 else racers[::-1]
    speeds = {str(count): {racer.name: racer.measure(work, count) for racer in ordered} for count in counts}
    print(f"round {index + 1}: {json.dumps(speeds)}", file=sys.stderr)
    return speeds


def summary(rounds: list[dict], counts: list[int]) -> dict:
    """Returns speed, time to first token and ratio to the peer in the same round, by clients and racer."""
    result = {}
    for count in map(str, counts):
        result[count] = {}
        for name in rounds[0][count]:
            fields = {
                field: summarise([speeds[count][name][field] for speeds in rounds])
                for field in ("tokens_per_second", "first_token_seconds")
            }
            if PEER in rounds[0][count] and name != PEER:
                fields["over_peer"] = summarise([
                    speeds[count][name]["tokens_per_second"] / speeds[count][PEER]["tokens_per_second"]
                    for speeds in rounds
                ])  # fmt: skip
            result[count][name] = fields
    return result


def table(summary: dict) -> str:
    names = sorted(next(iter(summary.values())), reverse=True)
    rows = [["clients", *(f"{name}{what}" for name in names for what in ("", ", over peer", ", first ms"))]]
    for count, racers in summary.items():
        row = [count]
        for name in names:
            fields = racers[name]
            row.append(shown(fields["tokens_per_second"], 0))
            row.append(shown(fields["over_peer"], 2) if "over_peer" in fields else "")
            row.append(f"{1000 * fields['first_token_seconds']['median']:.0f}")
        rows.append(row)
    return format_table(rows)


def shown_command(command: list[str]) -> str:
    """Returns the command without local paths."""
    return " ".join(Path(word).name if "/" in word else word for word in command)


def versions(arguments) -> dict[str, str]:
    found = {"volley": run([arguments.volley, "--version"]).strip()}
    if arguments.peer != "none":
        text = subprocess.run([shlex.split(arguments.peer)[0], "--version"], capture_output=True, text=True).stderr
        found[PEER] = re.search(r"version: (.*)", text)[1]
    return found


def size(model: Path) -> int:
    files = [model] if model.is_file() else [file for file in model.iterdir() if file.is_file()]
    return sum(file.stat().st_size for file in files)


if __name__ == "__main__":
    sys.exit(main())
