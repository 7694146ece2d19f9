"""Measures time and peak memory of packing and loading a large checkpoint.

    python3 bench/weights/memory.py --name qwen3-1.7b --model /tmp/synthetic/qwen3-1.7b --scratch /tmp/packed

Packs the checkpoint, then verifies the copy, which reads and loads all of it as `generate` does. The result goes to
bench/results/memory-NAME.json and to standard output. Exit codes: 0 done, 1 failed, 64 usage.
"""

from __future__ import annotations

import datetime
import json
import resource
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "bench"))

from support.machine import describe_machine  # noqa: E402
from support.usage import UsageParser  # noqa: E402

VOLLEY = ROOT / ".build/release/volley"


def main() -> int:
    parser = UsageParser(description=__doc__.splitlines()[0])
    parser.add_argument("--name", required=True, help="name of the result")
    parser.add_argument("--model", required=True, type=Path)
    parser.add_argument("--scratch", required=True, type=Path, help="path of the packed copy; an existing one is replaced")
    arguments = parser.parse_args()
    machine = describe_machine()
    # The reported peak is the maximum over all children so far, so the command that needs less runs first.
    pack = measured(["pack", str(arguments.model), str(arguments.scratch)])
    verify = measured(["verify", str(arguments.scratch)])
    inspection = json.loads(subprocess.check_output([VOLLEY, "inspect", "--json", arguments.scratch]))
    result = {
        "name": arguments.name,
        "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "machine": machine,
        "weights_bytes": inspection["bytes"],
        "stored_bytes": inspection["stored_bytes"],
        "pack": pack,
        "verify": verify,
        "load_beyond_weights_mib": verify["peak_mib"] - inspection["bytes"] / 2**20,
    }
    path = ROOT / "bench/results" / f"memory-{arguments.name}.json"
    path.write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps({key: value for key, value in result.items() if key != "machine"}, indent=1))
    return 0


def measured(command: list[str]) -> dict[str, float]:
    """Runs volley and returns its duration and peak memory."""
    start = time.monotonic()
    subprocess.run([VOLLEY, *command], check=True, stdout=subprocess.DEVNULL)
    seconds = time.monotonic() - start
    return {"seconds": seconds, "peak_mib": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024}


if __name__ == "__main__":
    sys.exit(main())
