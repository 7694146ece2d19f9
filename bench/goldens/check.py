"""Runs every golden case of multi-token decoding on the command line and compares tokens and logits.

    python3 bench/goldens/check.py [--volley .build/release/volley] [--goldens Tests/Goldens/dmtd] [--kv f32] [MODEL…]

GOLDENS holds a directory per model: a Hugging Face checkpoint, `cases.json` and optionally `rules.json`, lists of
`{prompt, cycle, phase, prompt_input, history, window, sinks, tokens, min_margin, last_logits}`. `cycle` 0 means vanilla and `window` 0
none; without prompt_input and history the rule is the paper's, or the absolute one. Tokens must be equal. Logits after prompt and
tokens must agree within 1e-3; with `--kv f16` their difference is only shown. Prints a table per model, then each mismatch.
Exit codes: 0 all equal, 1 a mismatch or a failure, 64 usage.
"""

from __future__ import annotations

import argparse
import array
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "bench"))

from support.summary import format_table  # noqa: E402
from support.usage import UsageParser  # noqa: E402

LOGIT_LIMIT = 1e-3
TIME_LIMIT_SECONDS = 120


@dataclass(frozen=True)
class Outcome:
    """The outcome of a case: a description of the fault ("" if all is equal) and the largest difference of a logit."""

    plan: str
    fault: str
    difference: float


def main() -> int:
    arguments = parse_arguments()
    faults = 0
    for folder in arguments.folders:
        outcomes = list(check_model(folder, arguments))
        wrong = [(index, each) for index, each in enumerate(outcomes) if each.fault]
        faults += len(wrong)
        print(f"{folder.name}: {len(outcomes) - len(wrong)} of {len(outcomes)} cases equal\n\n{table(outcomes)}\n")
        for index, outcome in wrong:
            print(f"case {index} ({outcome.plan}): {outcome.fault}")
    return 1 if faults else 0


def parse_arguments() -> argparse.Namespace:
    parser = UsageParser(description="Checks the golden cases of multi-token decoding on the command line.")
    parser.add_argument("models", nargs="*", metavar="MODEL", help="names of directories (default: all)")
    parser.add_argument("--volley", type=Path, default=ROOT / ".build/release/volley")
    parser.add_argument("--goldens", type=Path, default=ROOT / "Tests/Goldens/dmtd")
    parser.add_argument("--kv", choices=["f32", "f16"], default="f32")
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    if not arguments.volley.is_file():
        parser.error(f"there is no program {arguments.volley}; build it with: swift build -c release")
    folders = sorted(path.parent for path in arguments.goldens.glob("*/cases.json"))
    arguments.folders = [folder for folder in folders if not arguments.models or folder.name in arguments.models]
    missing = set(arguments.models) - {folder.name for folder in folders}
    if missing or not folders:
        parser.error(f"{arguments.goldens} has no {', '.join(sorted(missing)) or 'directory with a cases.json'}")
    return arguments


def check_model(folder: Path, arguments: argparse.Namespace) -> Iterator[Outcome]:
    """Runs the cases of one model in order."""
    with tempfile.TemporaryDirectory() as scratch:
        logits_file = Path(scratch) / "logits"
        for path in (folder / "cases.json", folder / "rules.json"):
            for case in json.loads(path.read_text()) if path.exists() else []:
                yield check_case(case, folder, logits_file, arguments)


def rule(case: dict) -> dict[str, str]:
    """Returns the case's rule as options and values."""
    implied = "masked" if case["phase"] == "absolute" else "trunk"
    return {
        "--phase": case["phase"],
        "--prompt-input": case.get("prompt_input", implied),
        "--history": case.get("history", "real"),
    }


def check_case(case: dict, folder: Path, logits_file: Path, arguments: argparse.Namespace) -> Outcome:
    """Runs one case. Any failure, including a crash, becomes the fault of its outcome."""
    plan = "off" if case["cycle"] == 0 else " ".join([str(case["cycle"]), *rule(case).values()])
    logits_file.unlink(missing_ok=True)
    command = make_command(case, folder, logits_file, arguments)
    try:
        result = subprocess.run(command, capture_output=True, text=True, timeout=TIME_LIMIT_SECONDS)
    except subprocess.TimeoutExpired:
        return Outcome(plan, f"not finished after {TIME_LIMIT_SECONDS} seconds", float("nan"))
    if result.returncode != 0:
        return Outcome(plan, f"exit code {result.returncode}: {result.stderr.strip()}", float("nan"))
    try:
        tokens = json.loads(result.stdout)["tokens"]
        logits = array.array("f", logits_file.read_bytes())
    except (ValueError, KeyError, OSError) as error:
        return Outcome(plan, f"no readable result: {error}", float("nan"))
    return compare(case, plan, tokens, logits, arguments.kv)


def make_command(case: dict, folder: Path, logits_file: Path, arguments: argparse.Namespace) -> list[str]:
    command = [
        *(str(arguments.volley), "generate", "--model", str(folder)),
        *("--prompt-ids", ",".join(map(str, case["prompt"])), "--max-tokens", str(len(case["tokens"]))),
        *("--kv", arguments.kv, "--threads", str(arguments.threads)),
        *("--greedy", "--ignore-eos", "--json", "--dump-logits", str(logits_file)),
    ]
    command += ["--mtd", str(case["cycle"] or "off")]
    if case["cycle"]:
        command += [word for option in rule(case).items() for word in option]
    if case["window"]:
        command += ["--window", str(case["window"]), "--sinks", str(case["sinks"])]
    return command


def compare(case: dict, plan: str, tokens: list[int], logits: array.array, kv: str) -> Outcome:
    """Compares tokens first: after different tokens, logits are not comparable."""
    if sys.byteorder == "big":
        logits.byteswap()
    expected = case["last_logits"]
    if tokens != case["tokens"]:
        diverged = next((i for i, pair in enumerate(zip(tokens, case["tokens"])) if pair[0] != pair[1]), None)
        where = f"{len(tokens)} tokens for {len(case['tokens'])}" if diverged is None else f"tokens diverge at {diverged}"
        return Outcome(plan, f"{where}; prompt of {len(case['prompt'])}, margin {case['min_margin']}", float("nan"))
    if len(logits) != len(expected):
        return Outcome(plan, f"{len(logits)} logits, expected {len(expected)}", float("nan"))
    # NaN compares false with everything: count it as an infinite difference.
    difference = max(abs(a - b) if a == a else float("inf") for a, b in zip(logits, expected))
    fault = f"a logit is off by {difference:.2g}" if kv == "f32" and not difference <= LOGIT_LIMIT else ""
    return Outcome(plan, fault, difference)


def table(outcomes: list[Outcome]) -> str:
    """Returns a table with a row per plan: cases, failures, the largest difference of a logit."""
    rows = [["mtd, rule", "cases", "wrong", "largest logit difference"]]
    for plan in sorted({outcome.plan for outcome in outcomes}, key=lambda plan: (plan.split()[1:], plan)):
        of_plan = [outcome for outcome in outcomes if outcome.plan == plan]
        differences = [outcome.difference for outcome in of_plan if outcome.difference == outcome.difference]
        worst = f"{max(differences):.1e}" if differences else "none compared"
        rows.append([plan, str(len(of_plan)), str(sum(bool(outcome.fault) for outcome in of_plan)), worst])
    return format_table(rows)


if __name__ == "__main__":
    sys.exit(main())
