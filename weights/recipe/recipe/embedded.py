"""Makes the embedded model from scratch: every stage with its options."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

NAME = "volley-5m"
SHAPE = ("--layers", "24", "--width", "128", "--inner", "384", "--heads", "4", "--kv-heads", "2")
TRAINING = ("--optimizer", "muon", "--answer-power", "0.5", "--sequences", "64", "--compile")
PRETRAINING = ("--steps", "3500", "--learning-rate", "2e-3")
FACTORS = ("--factors", "off,2,3,4,6")
FINETUNING = ("--steps", "2300", "--learning-rate", "1.5e-3", *FACTORS)
SETTLING = ("--steps", "4000", "--learning-rate", "1e-3", *FACTORS, "--seed", "2")
SETTLING_WEIGHTS = ("--weights", "long-addition=2.5,sort=2,copy=2,addition=2,sum=5")
POLISHING = ("--steps", "700", "--learning-rate", "4e-4", "--factors", "off,2,2,3,4,6", "--seed", "3")
POLISHING_WEIGHTS = ("--weights", "long-addition=2,sort=6,copy=2,addition=1.5,sum=4")
"""Fine-tuning continues twice, with more of the tasks that it had not learnt."""
DEPTH_NAME = "volley-5m-depth"
ROUTED = ("--routing-layers", "4-23", "--router-reduction", "4", "--proj-reduction", "8")
ROUTED_TRAINING = ("--sequences", "32", "--compile", "--replicate")
DEPTH_STAGES = {
    "depth": (
        "--steps", "1000", "--learning-rate", "2e-3", "--seed", "4", "--penalties", "2e-4,6e-5", "--lifted", "0.35",
        "--answer-power", "0.5", "--weights", "sum=4,copy=2,two-steps=2,sort=1.5,long-addition=1.5,repeat=0.8,facts=1", *ROUTED,
    ),
    "depth-refined": (
        "--steps", "1000", "--learning-rate", "1e-3", "--seed", "5", "--penalties", "1e-5", "--lifted", "0",
        "--answer-power", "0.5", "--weights", "sum=5,two-steps=3,repeat=1.5,long-addition=2,copy=1.5",
    ),
    "depth-pressed": (
        "--steps", "800", "--learning-rate", "2e-3", "--seed", "6", "--penalties", "2e-4,1e-4,3e-5,1e-5", "--lifted", "0",
        "--answer-power", "0", "--weights", "sum=5,two-steps=3,repeat=2,long-addition=2,copy=1.5,facts=1",
    ),
    "depth-settled": (
        "--steps", "800", "--learning-rate", "1e-3", "--seed", "7", "--penalties", "1e-5", "--lifted", "0",
        "--answer-power", "0.5", "--weights", "sum=4,two-steps=3,repeat=1.5,sort=2,long-addition=2,copy=3,long-multiplication=1",
    ),
}  # fmt: skip
"""Routing and three continuations. A low penalty lets tokens regain the layers they need. A higher one, with answers weighted
equally whatever their length, makes confident tokens of long answers give layers up."""
LONGEST_ANSWER = ("--max-tokens", "160")
"""Before fine-tuning, decoding with factors does not terminate by itself."""
COMPARED = ("--limit", "50")
"""Items per task that PyTorch answers too; it is slow."""


def trained(*words: object) -> None:
    """Runs a command of the recipe with one process per core, which at this width is faster than threads."""
    processes = ("--standalone", "--nproc-per-node", os.cpu_count() or 1)
    command = (sys.executable, "-m", "torch.distributed.run", *processes, "-m", "recipe", *words)
    subprocess.run(list(map(str, command)), check=True, env={**os.environ, "OMP_NUM_THREADS": "1"})


def make(recipe: Callable[..., None], runs: Path, weights: Path, volley: str) -> None:
    """Trains in `runs`, resuming existing runs, and writes model, held-out items, logs, curves and tables to `weights`.

    `recipe` runs a command of the recipe.
    """
    tokenizer, base, tuned = runs / "tokenizer", runs / "pretrain", runs / "finetune"
    settled, polished = runs / "settle", runs / "polish"
    before, shards, report = runs / "before", weights / NAME, weights / "training"
    report.mkdir(parents=True, exist_ok=True)

    recipe("items", "--out", weights / "eval")
    recipe("tokenizer", "--out", tokenizer)
    trained("pretrain", "--tokenizer", tokenizer, "--out", base, *SHAPE, *TRAINING, *PRETRAINING)
    trained("finetune", "--model", base, "--out", tuned, *TRAINING, *FINETUNING)
    trained("finetune", "--model", tuned, "--out", settled, *TRAINING, *SETTLING, *SETTLING_WEIGHTS)
    trained("finetune", "--model", settled, "--out", polished, *TRAINING, *POLISHING, *POLISHING_WEIGHTS)

    recipe("curves", base, tuned, settled, polished, "--out", report / "losses.svg")
    for run in (base, tuned, settled, polished):
        shutil.copy(run / "log.jsonl", report / f"{run.name}.jsonl")
    for model, destination in ((base, before), (polished, shards)):
        recipe("export", "--model", model, "--out", destination, "--volley", volley)

    tasks = sorted((weights / "eval").glob("*.jsonl"))

    def evaluated(model: Path, *options: object) -> str:
        command = [volley, "eval", "--model", model, "--head-layers", "8", "--tasks", *tasks, *options]
        return subprocess.run(list(map(str, command)), check=True, stdout=subprocess.PIPE, text=True).stdout

    (report / "before.md").write_text(evaluated(before, "--markdown", "--mtd", "off,2", *LONGEST_ANSWER))
    (report / "after.md").write_text(evaluated(shards, "--markdown", "--plot", report / "kept.svg"))

    # Evaluate PyTorch on the values in the shards, which are rounded to bfloat16.
    unpacked, answers = runs / "unpacked", runs / "after.json"
    unpack(volley, shards, unpacked)
    answers.write_text(evaluated(shards, "--json"))
    recipe("evaluate", "--model", unpacked, "--tasks", *tasks, *COMPARED, "--against", answers)


def make_depth(recipe: Callable[..., None], runs: Path, weights: Path, volley: str) -> None:
    """Trains the variant of the embedded model in `weights` that skips layers. Writes it with logs, curves and a table."""
    plain, stages = runs / "plain", [runs / name for name in DEPTH_STAGES]
    shards, report, unpacked = weights / DEPTH_NAME, weights / "training", runs / "depth-unpacked"

    unpack(volley, weights / NAME, plain)
    for before, stage, options in zip([plain, *stages], stages, DEPTH_STAGES.values()):
        trained("route", "--model", before, "--out", stage, *ROUTED_TRAINING, *options)

    recipe("curves", *stages, "--out", report / "depth.svg")
    for stage in stages:
        shutil.copy(stage / "log.jsonl", report / f"{stage.name}.jsonl")
    recipe("export", "--model", stages[-1], "--out", shards, "--volley", volley, "--rounded-routers")

    # Evaluate the values in the shards, which are rounded to bfloat16.
    unpack(volley, shards, unpacked)
    tasks = sorted((weights / "eval").glob("*.jsonl"))
    recipe("depth", "--model", unpacked, "--plain", plain, "--out", report / "depth.md", "--tasks", *tasks)


def unpack(volley: str, shards: Path, directory: Path) -> None:
    shutil.rmtree(directory, ignore_errors=True)
    subprocess.run([volley, "unpack", str(shards), str(directory)], check=True)
