"""Measures a head for cycles on held-out prompts: how natural its texts are to the model, their speed, and samples of them.

    python3 bench/smollm2/head_tables.py --volley .build/release/volley --model "$(bench/smollm2/fetch.sh)" \\
        --head weights/smollm2-mtd --prompts weights/smollm2-mtd/prompts.jsonl --result bench/results/head-smollm2.json

`volley compare` answers every prompt greedily with every plan. Perplexity is that of all answers under the model's vanilla decoding.
Repetition is the share of an answer's four-token sequences that occurred in it before. The tables go to standard output as Markdown,
answers and figures to --result. Exit codes: 0 done, 1 failed, 64 usage.
"""

from __future__ import annotations

import datetime
import json
import math
import statistics
import subprocess
import sys
from pathlib import Path
from random import Random

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "bench"))

from support.machine import describe_machine  # noqa: E402
from support.summary import format_table  # noqa: E402
from support.usage import UsageParser, positive  # noqa: E402

PLANS = (
    "off", "mtd:2", "mtd:3", "mtd:4", "mtd:6", "adaptive:6:0.3", "adaptive:6:0.5", "adaptive:6:0.7", "adaptive:6:0.9",
    "verified:2", "verified:3", "verified:4", "verified:6",
)  # fmt: skip
EASY = ("copy", "rewrite", "list", "sort")
"""Kinds of prompt whose answers repeat or rearrange the prompt, or follow a given form."""


def main() -> int:
    parser = UsageParser(description=__doc__.splitlines()[0])
    parser.add_argument("--volley", required=True, type=Path)
    parser.add_argument("--model", required=True, type=Path)
    parser.add_argument("--head", required=True, type=Path)
    parser.add_argument("--prompts", required=True, type=Path, help='JSONL of {"kind", "text"}')
    parser.add_argument("--limit", type=positive, help="use only the first prompts")
    parser.add_argument("--plans", default=",".join(PLANS), help="the first is vanilla")
    parser.add_argument("--tokens", type=positive, default=128, help="maximum length of an answer (default: 128)")
    parser.add_argument("--rounds", type=positive, default=1, help="timed rounds (default: 1)")
    parser.add_argument("--samples", type=int, default=2, help="prompts whose answers are shown (default: 2)")
    parser.add_argument("--result", type=Path)
    arguments = parser.parse_args()
    prompts = [json.loads(line) for line in arguments.prompts.read_text().splitlines()][: arguments.limit]
    words = [
        arguments.volley, "compare", "--json", "--no-race", "--model", arguments.model, "--head", arguments.head,
        "--plans", arguments.plans, "--max-tokens", arguments.tokens, "--rounds", arguments.rounds, "--",
        *(one["text"] for one in prompts),
    ]  # fmt: skip
    machine = describe_machine()
    done = subprocess.run(list(map(str, words)), stdout=subprocess.PIPE, text=True)
    if done.returncode != 0:
        print("head_tables.py: volley compare failed.", file=sys.stderr)
        return 1
    comparisons = json.loads(done.stdout)["comparisons"]
    answers = [
        {"kind": prompt["kind"], "plan": plan, **answer}
        for prompt, comparison in zip(prompts, comparisons)
        for plan, answer in zip(arguments.plans.split(","), comparison["answers"])
    ]
    groups = {"all prompts": answers, "copy, rewrite, list, sort": easy(answers), "other prompts": easy(answers, False)}
    figures = {name: {plan: figures_of(plan, group) for plan in arguments.plans.split(",")} for name, group in groups.items()}
    print("\n\n".join(f"{name}\n\n{table(group)}" for name, group in figures.items()))
    print("\n" + samples(prompts, comparisons, arguments.plans.split(","), arguments.samples))
    if arguments.result:
        result = {
            "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"), "machine": machine,
            "model": arguments.model.name, "head": arguments.head.name, "prompts": len(prompts), "tokens": arguments.tokens,
            "rounds": arguments.rounds, "figures": figures,
        }  # fmt: skip
        partial = arguments.result.with_suffix(".partial")
        partial.write_text(json.dumps(result, indent=1) + "\n")
        partial.replace(arguments.result)
    return 0


def easy(answers: list[dict], wanted: bool = True) -> list[dict]:
    return [one for one in answers if (one["kind"] in EASY) == wanted]


def figures_of(plan: str, answers: list[dict]) -> dict:
    """Returns the figures of a plan over all answers of a group."""
    own = [one for one in answers if one["plan"] == plan and one["tokens"]]
    tokens = sum(len(one["tokens"]) for one in own)
    drafted, accepted = ([sum(column) for column in zip(*padded(own, key))] for key in ("drafted", "accepted"))
    return {
        "answers": len(own),
        "perplexity": math.exp(sum(math.log(one["perplexity"]) * len(one["tokens"]) for one in own) / tokens),
        "repetition": statistics.mean(repetition(one["tokens"]) for one in own),
        "agreement": sum(one["agreement"] * len(one["tokens"]) for one in own) / tokens,
        "tokens_per_trunk_pass": sum(len(one["tokens"]) - 1 for one in own) / max(1, sum(one["trunk_passes"] for one in own)),
        "speedup": statistics.median(statistics.median(one["speedup"]) for one in own),
        "tokens_per_second": statistics.median(statistics.median(one["tokens_per_second"]) for one in own),
        "accepted_by_place": [round(good / all_, 3) for good, all_ in zip(accepted, drafted) if all_],
    }


def padded(answers: list[dict], key: str) -> list[list[int]]:
    lists = [one.get(key) or [] for one in answers]
    longest = max(map(len, lists))
    return [one + [0] * (longest - len(one)) for one in lists]


def repetition(tokens: list[int], length: int = 4) -> float:
    grams = [tuple(tokens[start : start + length]) for start in range(len(tokens) - length + 1)]
    return 1 - len(set(grams)) / len(grams) if grams else 0.0


def table(figures: dict[str, dict]) -> str:
    vanilla = next(iter(figures.values()))
    rows = [["plan", "vanilla's tokens", "perplexity", "÷ vanilla's", "repetition", "tokens a trunk pass", "tokens/s", "speedup", "accepted drafts"]]
    for plan, one in figures.items():
        rows.append([
            plan, f"{100 * one['agreement']:.1f} %", f"{one['perplexity']:.2f}", f"{one['perplexity'] / vanilla['perplexity']:.2f}",
            f"{100 * one['repetition']:.0f} %", f"{one['tokens_per_trunk_pass']:.2f}", f"{one['tokens_per_second']:.0f}",
            f"{one['speedup']:.2f}×", " ".join(f"{100 * share:.0f}" for share in one["accepted_by_place"]),
        ])  # fmt: skip
    return format_table(rows)


def samples(prompts: list[dict], comparisons: list[dict], plans: list[str], count: int) -> str:
    chosen = sorted(Random(0).sample(range(len(prompts)), min(count, len(prompts))))
    blocks = []
    for index in chosen:
        lines = [f"**{prompts[index]['text'].strip()}**", ""]
        for plan, answer in zip(plans, comparisons[index]["answers"]):
            text = " ".join(answer["text"].split())
            lines.append(f"- *{plan}*: {text[:400]}{'…' if len(text) > 400 else ''}")
        blocks.append("\n".join(lines))
    return "\n\n".join(blocks)


if __name__ == "__main__":
    raise SystemExit(main())
