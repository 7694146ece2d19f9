"""The embedded model, from nothing to shards: every stage with the options that it was made with."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

NAME = "volley-10m"
SHAPE = ("--layers", "24", "--width", "192", "--inner", "512", "--heads", "6", "--kv-heads", "2")
TRAINING = ("--optimizer", "muon", "--answer-power", "0.5", "--sequences", "64")
PRETRAINING = ("--steps", "3000", "--learning-rate", "2e-3")
FINETUNING = ("--steps", "2000", "--learning-rate", "1.5e-3", "--factors", "off,2,3,4,6")


def make(recipe: Callable[..., None], runs: Path, weights: Path, volley: str) -> None:
    """Trains in `runs`, resuming what is there, and writes model, held-out items, logs, curves and tables to `weights`.

    `recipe` runs one of the recipe's own commands.
    """
    tokenizer, base, tuned = runs / "tokenizer", runs / "pretrain", runs / "finetune"
    report = weights / "training"
    report.mkdir(parents=True, exist_ok=True)
    recipe("items", "--out", weights / "eval")
    recipe("tokenizer", "--out", tokenizer)
    recipe("pretrain", "--tokenizer", tokenizer, "--out", base, *SHAPE, *TRAINING, *PRETRAINING)
    recipe("finetune", "--model", base, "--out", tuned, *TRAINING, *FINETUNING)
    recipe("curves", base, tuned, "--out", report / "losses.svg")
    for run in (base, tuned):
        shutil.copy(run / "log.jsonl", report / f"{run.name}.jsonl")
    shutil.rmtree(runs / "before", ignore_errors=True)
    recipe("export", "--model", base, "--out", runs / "before", "--volley", volley)
    shutil.rmtree(weights / NAME, ignore_errors=True)
    recipe("export", "--model", tuned, "--out", weights / NAME, "--volley", volley)
    for name, model, plot in (("before", runs / "before", ()), ("after", weights / NAME, ("--plot", report / "kept.svg"))):
        tasks = sorted((weights / "eval").glob("*.jsonl"))
        command = [volley, "eval", "--model", model, "--head-layers", "8", "--markdown", *plot, "--tasks", *tasks]
        table = subprocess.run(list(map(str, command)), check=True, stdout=subprocess.PIPE, text=True).stdout
        (report / f"{name}.md").write_text(table)
