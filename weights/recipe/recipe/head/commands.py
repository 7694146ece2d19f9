"""The command line of `python -m recipe head`."""

from __future__ import annotations

import argparse
import json
import re
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

from recipe.head.pipeline import Plan, Trainer, alone, everything, make_texts
from recipe.head.sources import EVERYDAY, prompt_source
from recipe.head.training import Schedule

STEPS = {
    "all": "make texts and train for --budget, then decay the learning rate, evaluate and export to RUNS/head",
    "prompts": "print random prompts",
    "texts": "make answers and caches until --budget is used up",
    "train": "train on the caches at a constant learning rate",
    "finish": "decay the learning rate to zero from a saved state, evaluate, and export to --out",
    "evaluate": "evaluate the current state on all held-out texts",
}


def add(commands) -> None:  # noqa: ANN001
    head = commands.add_parser(
        "head",
        help="train a copy of a checkpoint's last layers to run cycles, as an add-on",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="steps:\n" + "\n".join(f"  {name:9} {purpose}" for name, purpose in STEPS.items()),
    )
    head.add_argument("step", nargs="?", choices=tuple(STEPS), default="all", metavar="STEP", help="default: all")
    head.add_argument("--runs", type=Path, required=True, help="directory for everything; existing work is resumed")
    head.add_argument("--model", type=Path, required=True, help=".gguf file, Hugging Face or native directory of a Qwen3 or Llama")
    head.add_argument("--prompts", default=EVERYDAY, metavar="FILE", help='JSONL of {"prompt"}, or everyday, or tasks; default: everyday')
    head.add_argument("--volley", default="volley", help="path of the executable")
    head.add_argument("--budget", type=parse_time, default=parse_time("20m"), metavar="TIME", help="90s, 20m, 8h or 3d; default: 20m")
    head.add_argument("--head-layers", type=int, default=Plan.head_layers)
    head.add_argument("--threads", type=int, default=Plan.threads, help="threads per process; there are two")
    head.add_argument("--shard", type=int, default=Plan.shard, help="answers per shard")
    head.add_argument("--passes", type=int, default=Plan.passes, help="maximum number of times a text is read")
    head.add_argument("--optimizer", choices=("adamw", "muon"), default=Schedule.optimizer)
    head.add_argument("--learning-rate", type=float, default=Schedule.rate)
    head.add_argument("--compile", action="store_true", help="compile layers; needs a C++ compiler and some minutes")
    head.add_argument("--seed", type=int, default=Plan.seed)
    head.add_argument("--run", dest="run_name", default=Plan.run, help="train: name of another run on the same texts")
    head.add_argument("--until", type=int, metavar="TOKENS", help="train: stop after this many trained tokens")
    head.add_argument("--at", type=int, metavar="TOKENS", help="finish: start from the state saved at this count; default: the newest")
    head.add_argument("--decay", type=int, metavar="TOKENS", help="finish: length of the decay; default: a fifth of the trained tokens")
    head.add_argument("--out", type=Path, help="finish: output directory; default: RUNS/head")
    head.add_argument("--count", type=int, default=20, help="prompts: number of prompts")
    head.add_argument("--held-out", action="store_true", help="prompts: print held-out ones")
    head.set_defaults(run=run)


def parse_time(text: str) -> float:
    found = re.fullmatch(r"(\d+)([smhd])", text)
    if not found:
        raise argparse.ArgumentTypeError("give a number and a unit, such as 90s, 20m, 8h or 3d")
    return int(found[1]) * {"s": 1, "m": 60, "h": 3600, "d": 86400}[found[2]]


def run(arguments: argparse.Namespace) -> int:
    for one in (signal.SIGTERM, signal.SIGINT):
        # Exit through `with` blocks, which stop the server. Finished work is on disk.
        signal.signal(one, lambda number, _: sys.exit(128 + number))
    plan = Plan(
        root=arguments.runs, model=arguments.model, volley=arguments.volley, prompts=arguments.prompts, head_layers=arguments.head_layers,
        threads=arguments.threads, shard=arguments.shard, passes=arguments.passes, seed=arguments.seed,
        compile=arguments.compile, run=arguments.run_name,
    )  # fmt: skip
    if arguments.step != "prompts" and not plan.model.exists():
        raise SystemExit(f"recipe: {plan.model} does not exist; give a checkpoint with --model")
    schedule = Schedule(rate=arguments.learning_rate, optimizer=arguments.optimizer)
    end = time.monotonic() + arguments.budget
    step = STEP_FUNCTIONS[arguments.step]
    if arguments.step == "prompts":
        return step(arguments, plan)
    # One process makes texts while another trains; two must not do the same work.
    name, what = ("texts", "makes texts") if arguments.step == "texts" else (plan.run, "trains")
    with alone(plan.root / f"{name}.lock", what):
        return step(arguments, plan, schedule, lambda: time.monotonic() < end)


def print_prompts(arguments: argparse.Namespace, plan: Plan) -> int:
    prompts = prompt_source(plan.prompts, arguments.held_out)
    for index in range(arguments.count):
        print(json.dumps(vars(prompts.prompt(f"{plan.seed}-shown-{index}")), ensure_ascii=False))
    return 0


def run_all(arguments: argparse.Namespace, plan: Plan, schedule: Schedule, _: Callable[[], bool]) -> int:
    words = ["head", "texts", "--budget", "3650d", "--runs", plan.root, "--model", plan.model, "--volley", plan.volley]
    words += ["--prompts", plan.prompts]
    for name in ("head_layers", "threads", "shard", "seed"):
        words += [f"--{name.replace('_', '-')}", getattr(plan, name)]
    line = everything(plan, schedule, arguments.budget, [*map(str, words), *(["--compile"] if plan.compile else [])])
    print(table(line))
    return 0


def run_texts(arguments: argparse.Namespace, plan: Plan, schedule: Schedule, may_go_on: Callable[[], bool]) -> int:
    make_texts(plan, may_go_on)
    return 0


def run_train(arguments: argparse.Namespace, plan: Plan, schedule: Schedule, may_go_on: Callable[[], bool]) -> int:
    Trainer(plan, schedule, may_go_on).train(may_go_on, arguments.until)
    return 0


def run_finish(arguments: argparse.Namespace, plan: Plan, schedule: Schedule, may_go_on: Callable[[], bool]) -> int:
    state = plan.root / plan.run / ("state.pt" if arguments.at is None else f"state-{arguments.at}.pt")
    if not state.exists():
        raise SystemExit(f"recipe: {state} does not exist; train first, or give the token count of a saved state with --at")
    trainer = Trainer(plan, schedule, may_go_on)
    print(table(trainer.finish(state, may_go_on, arguments.decay, arguments.out or plan.root / "head")))
    return 0


def run_evaluate(arguments: argparse.Namespace, plan: Plan, schedule: Schedule, may_go_on: Callable[[], bool]) -> int:
    trainer = Trainer(plan, schedule, may_go_on)
    print(table({"trained": trainer.run.progress.trained, **trainer.held_out(trainer.run, texts=None, stride=2)}))
    return 0


STEP_FUNCTIONS = {
    "all": run_all, "prompts": print_prompts, "texts": run_texts, "train": run_train, "finish": run_finish, "evaluate": run_evaluate,
}  # fmt: skip


def table(line: dict) -> str:
    """Formats the results on held-out texts."""
    shown = [f"{line['trained']} trained tokens, held-out texts"]
    if "places" not in line:
        return shown[0] + ": none yet"
    shown.append("index      divergence  agreement     loss")
    for cycle_index, (divergence, agreement, loss, _) in line["places"].items():
        shown.append(f"{cycle_index:9} {divergence:11.3f} {100 * agreement:9.1f}% {loss:8.3f}")
    verified = "  ".join(f"mtd {factor}: {tokens:.2f}" for factor, (tokens, _) in line["verified"].items())
    shown.append(f"verified   {verified} tokens per trunk pass")
    for threshold, (tokens, share, _) in line["adaptive"].items():
        shown.append(f"adaptive   confidence ≥ {threshold}: {tokens:.2f} tokens per trunk pass, {100 * share:.1f}% of them vanilla's")
    return "\n".join(shown)
