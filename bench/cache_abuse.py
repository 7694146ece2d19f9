"""Abuses a prompt cache and checks that no answer changes: kills, a full disk, flipped bytes, several processes, another checkpoint.

    swift build -c release
    python3 bench/cache_abuse.py --model "$(bench/smollm2/fetch.sh)" --kills 200

Every answer is compared with that of a run without a cache. A full disk needs the right to mount a small file system; without it that
part is left out, and the script says so. Exit codes: 0 every answer was right, 1 one was not, 64 usage.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "bench"))

from support.usage import UsageParser, positive  # noqa: E402

VOLLEY = ROOT / ".build/release/volley"


def main() -> int:
    parser = UsageParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", required=True, type=Path, help="a checkpoint with quantised weights")
    parser.add_argument("--kills", type=positive, default=200)
    parser.add_argument("--tokens", type=positive, default=700, help="length of the prompts")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        abuse = Abuse(arguments, Path(scratch))
        for step in (abuse.kills, abuse.flips, abuse.crowd, abuse.full_disk):
            print(step(), flush=True)
    print(f"{abuse.checked} answers compared, {abuse.wrong} wrong")
    return 1 if abuse.wrong else 0


class Abuse:
    def __init__(self, arguments, scratch: Path):
        self.arguments, self.cache = arguments, scratch / "cache"
        self.random = random.Random(arguments.seed)
        self.prompts = [self.prompt(number) for number in range(3)]
        self.right = [self.answer(prompt) for prompt in self.prompts]
        self.checked = self.wrong = 0

    def prompt(self, number: int) -> str:
        """Prompts that share their first half."""
        shared, own = random.Random(0), random.Random(number + 1)
        half = self.arguments.tokens // 2
        ids = [shared.randrange(3, 900) for _ in range(half)] + [own.randrange(3, 900) for _ in range(half)]
        return ",".join(map(str, ids))

    def command(self, prompt: str, *options: str) -> list[str]:
        return [
            str(VOLLEY), "generate", "--model", str(self.arguments.model), "--prompt-ids", prompt, "--greedy", "--json",
            "--ignore-eos", "--max-tokens", "8", *options,
        ]  # fmt: skip

    def answer(self, prompt: str, *options: str) -> tuple[int, list[int] | None]:
        done = subprocess.run(self.command(prompt, *options), capture_output=True, text=True)
        return done.returncode, json.loads(done.stdout)["tokens"] if done.returncode == 0 else None

    def check(self, number: int, *options: str) -> None:
        self.checked += 1
        if self.answer(self.prompts[number], *options) != self.right[number]:
            self.wrong += 1
            print(f"wrong: prompt {number}, {' '.join(options)}", flush=True)

    def cached(self, directory: Path | None = None) -> tuple[str, str]:
        return ("--prompt-cache", str(directory or self.cache))

    def kills(self) -> str:
        start = time.monotonic()
        self.answer(self.prompts[0], *self.cached(self.cache.with_name("timed")))
        whole = time.monotonic() - start
        for number in range(self.arguments.kills):
            index = number % len(self.prompts)
            run = subprocess.Popen(
                self.command(self.prompts[index], *self.cached()), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
            time.sleep(self.random.uniform(0, whole))
            run.kill()
            run.wait()
            if number % 10 == 9:
                self.check(index, *self.cached())
                # The next kills meet an empty cache again.
                subprocess.run([VOLLEY, "cache", "clear", self.cache], check=True, stdout=subprocess.DEVNULL)
        verified = subprocess.run([VOLLEY, "cache", "verify", self.cache], capture_output=True).returncode
        self.wrong += verified != 0
        return f"{self.arguments.kills} kills"

    def flips(self, count: int = 20) -> str:
        found = 0
        for number in range(count):
            self.check(number % 3, *self.cached())
            chunk = self.random.choice(sorted(self.cache.glob("*.kv")))
            data = bytearray(chunk.read_bytes())
            data[self.random.randrange(len(data))] ^= 1 << self.random.randrange(8)
            chunk.write_bytes(data)
            found += subprocess.run([VOLLEY, "cache", "verify", self.cache], capture_output=True).returncode == 1
            self.check(number % 3, *self.cached())
        self.wrong += found != count
        return f"{count} flipped bits, {found} found by verify"

    def crowd(self, count: int = 4) -> str:
        """Processes at once, over a cache that is too small for their prompts."""
        runs = [
            (index % 3, subprocess.Popen(
                self.command(self.prompts[index % 3], *self.cached(), "--cache-size", "8MB"), stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL, text=True,
            ))
            for index in range(count)
        ]  # fmt: skip
        for index, run in runs:
            output = run.communicate()[0]
            self.checked += 1
            if (run.returncode, json.loads(output)["tokens"]) != self.right[index]:
                self.wrong += 1
        return f"{count} processes at once"

    def full_disk(self) -> str:
        small = self.cache.with_name("small")
        small.mkdir()
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", small], capture_output=True).returncode:
            return "full disk: left out, as nothing can be mounted"
        try:
            for index in range(3):
                self.check(index, *self.cached(small))
            partial = list(small.glob(".*"))
            self.wrong += len(partial)
        finally:
            subprocess.run(["umount", small], check=True)
        return "a full disk"


if __name__ == "__main__":
    sys.exit(main())
