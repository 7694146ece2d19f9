"""The measured programs: their commands, and where their output states the speed."""

from __future__ import annotations

import json
import random
import shlex
import subprocess
from dataclasses import dataclass
from pathlib import Path


class MeasurementError(Exception):
    """One sentence with the failed program, the reason and what to do."""


@dataclass(frozen=True)
class Workload:
    """Each engine's work: process `prompt_count` tokens at once, and generate `decode_count` tokens from an empty context."""

    model: Path
    prompt_count: int
    decode_count: int
    threads: int


class VolleyEngine:
    """`volley generate`, one process per measurement."""

    is_peer = False

    def __init__(self, binary: Path, mtd: str, activations: str, reads_prompts: bool, screens: bool = False):
        """`activations`: int16 or int8. `reads_prompts`: whether to measure its prompt speed."""
        self.name = "volley" if mtd == "off" else f"volley mtd {mtd}"
        if activations != "int16":
            self.name += f" {activations}"
        if screens:
            self.name += " screened"
        self.reads_prompts = reads_prompts
        self._binary = binary
        self._mtd = mtd
        self._activations = activations
        self._screen = ["--screen"] if screens else []

    def prompt_command(self, work: Workload) -> list[str]:
        # Ids below 1,000 exist in every relevant vocabulary. As in llama-bench, the choice of ids does not matter.
        generator = random.Random(1)
        ids = [generator.randrange(3, 1000) for _ in range(work.prompt_count)]
        return self._command(work, ids, emit=1)

    def decode_command(self, work: Workload) -> list[str]:
        return self._command(work, [1], emit=work.decode_count)

    def prompt_speed(self, output: str) -> float:
        stats = json.loads(output)["stats"]
        return stats["prefill_tokens"] / stats["prefill_seconds"]

    def decode_speed(self, output: str) -> float:
        return json.loads(output)["stats"]["tokens_per_second"]

    def version(self, output: str) -> str:
        return run([str(self._binary), "--version"]).strip()

    def _command(self, work: Workload, ids: list[int], emit: int) -> list[str]:
        prompt = ",".join(map(str, ids))
        return [
            *(str(self._binary), "generate", "--model", str(work.model), "--prompt-ids", prompt),
            *("--mtd", self._mtd, "--activations", self._activations, "--max-tokens", str(emit), "--greedy"),
            *("--ignore-eos", "--threads", str(work.threads), "--json", *self._screen),
        ]


class LlamaBenchEngine:
    """llama.cpp's `llama-bench`, or a fork's. It warms up by itself."""

    is_peer = True
    reads_prompts = True

    def __init__(self, name: str, command_line: str):
        """`command_line`: the program, with arguments if needed (`…/llama-bench -rtr 1`)."""
        self.name = name
        self._program = shlex.split(command_line)

    def prompt_command(self, work: Workload) -> list[str]:
        return self._command(work, prompt=work.prompt_count, decode=0)

    def decode_command(self, work: Workload) -> list[str]:
        return self._command(work, prompt=0, decode=work.decode_count)

    def prompt_speed(self, output: str) -> float:
        return json.loads(output)[0]["avg_ts"]

    decode_speed = prompt_speed

    def version(self, output: str) -> str:
        """Returns the commit in the program's output."""
        return f"commit {json.loads(output)[0]['build_commit']}"

    def _command(self, work: Workload, prompt: int, decode: int) -> list[str]:
        return [
            *(*self._program, "-m", str(work.model), "-p", str(prompt), "-n", str(decode)),
            *("-t", str(work.threads), "-r", "1", "-o", "json"),
        ]


def run(command: list[str], limit_seconds: float = 900) -> str:
    """Returns a command's standard output.

    Raises MeasurementError when it is missing, fails or takes longer than the limit.
    """
    program = Path(command[0]).name
    try:
        result = subprocess.run(command, capture_output=True, text=True, timeout=limit_seconds)
    except FileNotFoundError:
        raise MeasurementError(f"there is no program {command[0]}; build it first (see bench/README.md)") from None
    except OSError as error:
        raise MeasurementError(f"{program} could not be started: {error.strerror}") from None
    except subprocess.TimeoutExpired:
        raise MeasurementError(f"{program} took more than {limit_seconds:.0f} seconds; measure fewer tokens") from None
    if result.returncode != 0:
        last = (result.stderr.strip().splitlines() or ["no message"])[-1]
        raise MeasurementError(f"{program} ended with code {result.returncode}: {last}")
    return result.stdout
