"""Runs all steps: one process makes texts, another trains. Both can be killed at any moment and resume when restarted."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from recipe.head.answers import serve_shard
from recipe.head.caches import Cache, make_cache
from recipe.head.evaluation import evaluate
from recipe.head.export import export
from recipe.head.feed import Feed
from recipe.head.loss import Vocabulary
from recipe.head.sources import EVERYDAY, prompt_source
from recipe.head.stack import Layers, compiled_layers, fast_type
from recipe.head.teacher import Teacher
from recipe.head.training import HeadRun, Schedule
from recipe.head.volley import base_directory, end_with_parent

HELD_OUT = "held-out"
FINISHING = 0.2
"""Share of the budget, and of the tokens trained so far, over which the learning rate decays."""


@dataclass(frozen=True)
class Plan:
    """The inputs and settings of a head's training."""

    root: Path
    """Directory of `answers`, `caches`, runs and the finished head."""
    model: Path
    volley: str = "volley"
    prompts: str = EVERYDAY
    """`everyday`, `tasks` or a JSONL file."""
    head_layers: int = 8
    factors: tuple[int, ...] = (2, 3, 4, 6)
    seed: int = 0
    threads: int = 1
    """Threads per process; there are two."""
    shard: int = 256
    """Answers per shard."""
    ahead: int = 8
    """Maximum number of unread shards."""
    kept: int = 40
    """Cached shards kept on disk; the most read are deleted first. Answers are never deleted."""
    share: float = 0.5
    """Share of an answer's positions that start a cycle."""
    passes: int = 6
    """Maximum number of times a text is read."""
    common: int = 6144
    """Number of frequent tokens that every loss covers."""
    sample: int = 1024
    """Number of other tokens, sampled at each step."""
    compile: bool = False
    run: str = "run"

    def answers(self, shard: str) -> Path:
        return self.root / "answers" / f"{shard}.jsonl"

    def cache(self, shard: str) -> Path:
        return self.root / "caches" / f"{shard}.safetensors"

    def ready(self) -> list[Path]:
        """Returns the cached shards for training."""
        return sorted((self.root / "caches").glob("[0-9]*.safetensors"))

    @property
    def noted(self) -> Path:
        """File with the run's read counts per shard, for the process that makes texts."""
        return self.root / "read.json"

    def read(self) -> dict[str, int]:
        return json.loads(self.noted.read_text()) if self.noted.exists() else {}


@contextmanager
def alone(path: Path, what: str) -> Iterator[None]:
    """Holds a lock during a `with` block; exits if another process holds it. Killing the process releases it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SystemExit(f"recipe: another process {what} in {path.parent}; end it first, or wait for it") from None
        yield


def load_teacher(plan: Plan) -> Teacher:
    torch.set_num_threads(plan.threads)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    plan.root.mkdir(parents=True, exist_ok=True)
    directory = base_directory(plan.model, plan.volley, plan.root / "base")
    return Teacher.load(directory, plan.head_layers, fast_type(device), compiled_layers() if plan.compile else Layers())


def make_texts(plan: Plan, may_go_on: Callable[[], bool]) -> None:
    """Makes answers, then their cache, shard by shard. The held-out shard comes second."""
    teacher = load_teacher(plan)
    prompts = {side: prompt_source(plan.prompts, side) for side in (False, True)}
    number = 0
    while may_go_on():
        if sum(path.stem not in plan.read() for path in plan.ready()) >= plan.ahead:
            time.sleep(5)
            continue
        while plan.cache(f"{number:05}").exists() or f"{number:05}" in plan.read():
            number += 1
        for shard in (f"{number:05}", HELD_OUT):
            side = shard == HELD_OUT
            serve_shard(
                plan.answers(shard), prompts[side], plan.model, plan.volley, plan.threads, f"{plan.seed}-{shard}", plan.shard, side
            )  # fmt: skip
            make_cache(plan.answers(shard), plan.cache(shard), teacher)
        delete_caches(plan)


def delete_caches(plan: Plan) -> None:
    """Deletes the most read caches beyond the number to keep."""
    read, ready = plan.read(), plan.ready()
    done = sorted((path for path in ready if path.stem in read), key=lambda path: (-read[path.stem], path.stem))
    for path in done[: max(0, len(ready) - plan.kept)]:
        path.unlink()


class Trainer:
    """Trains at a constant learning rate, and branches off runs that decay it to zero."""

    def __init__(self, plan: Plan, schedule: Schedule, may_go_on: Callable[[], bool]):
        self.plan, self.schedule = plan, schedule
        self.teacher = load_teacher(plan)
        while not plan.ready():
            if not may_go_on():
                raise SystemExit("recipe: the time was up before there were any texts; give a larger --budget")
            time.sleep(1)
        self.vocabulary = Vocabulary(self.teacher.output, self._counts(), plan.common, plan.sample)
        self.run = self._run(plan.root / plan.run, schedule, plan.noted if plan.run == Plan.run else None)

    def _counts(self) -> torch.Tensor:
        """Returns token counts in the first answers, which are never deleted."""
        records = map(json.loads, self.plan.answers("00000").read_text().splitlines())
        ids = torch.tensor([one for record in records for one in record["prompt"] + record["answer"]])
        return torch.bincount(ids, minlength=len(self.teacher.output))

    def _run(self, directory: Path, schedule: Schedule, noted: Path | None) -> HeadRun:
        plan = self.plan
        feed = Feed(plan.ready, plan.factors, plan.share, plan.passes, plan.seed, noted)
        return HeadRun(directory, self.teacher, feed, self.vocabulary, schedule, plan.seed)

    def held_out(self, run: HeadRun, texts: int | None, stride: int) -> dict:
        path = self.plan.cache(HELD_OUT)
        return evaluate(run.addon, self.teacher, Cache(path), texts, stride) if path.exists() else {}

    def train(self, may_go_on: Callable[[], bool], until: int | None = None) -> None:
        run = self.run
        run.run(
            lambda: may_go_on() and (until is None or run.progress.trained < until),
            lambda: self.held_out(run, texts=48, stride=4),
        )

    def finish(self, state: Path, may_go_on: Callable[[], bool], tokens: int | None, out: Path) -> dict:
        """Decays the learning rate to zero from a state, evaluates and exports. Resumes an interrupted call.

        `tokens` defaults to a share of the tokens that the state was trained on.
        """
        trained = torch.load(state, weights_only=True, mmap=True)["progress"]["trained"]
        tokens = tokens or max(self.schedule.batch(trained), int(FINISHING * trained))
        directory = self.plan.root / f"finish-{trained}"
        for other in self.plan.root.glob("finish-*"):
            if other != directory:
                shutil.rmtree(other)  # left by an interrupted call that was not resumed
        directory.mkdir(exist_ok=True)
        if not (directory / "state.pt").exists():
            shutil.copy(state, directory / "state.partial")
            os.replace(directory / "state.partial", directory / "state.pt")
        run = self._run(directory, replace(self.schedule, decay_from=trained, decay_tokens=tokens), None)
        run.run(may_go_on, lambda: self.held_out(run, texts=48, stride=4))
        if not run.is_finished:
            raise SystemExit("recipe: the budget was used up before the decay ended; run it again to continue")
        found = self.held_out(run, texts=None, stride=2)
        export(run, out, self.plan.model, self.plan.factors, found)
        line = {"trained": trained, "decay": run.progress.trained - trained, "optimizer": self.schedule.optimizer, **found}
        with open(self.plan.root / "curve.jsonl", "a") as file:
            file.write(json.dumps(line) + "\n")
        run.state_path.unlink()
        return line


def everything(plan: Plan, schedule: Schedule, seconds: float, words: list[str]) -> dict:
    """Makes texts and trains for `seconds`, then finishes and exports. `words` is the command that makes texts.

    A later call resumes the same run: the finished head is always a branch of it.
    """
    end = time.monotonic() + seconds
    maker = subprocess.Popen([sys.executable, "-m", "recipe", *words], preexec_fn=end_with_parent)
    try:
        trainer = Trainer(plan, schedule, lambda: time.monotonic() < end and alive(maker))
        finish = end - FINISHING * seconds
        before, start = trainer.run.progress.trained, time.monotonic()
        trainer.train(lambda: time.monotonic() < finish and alive(maker))
        speed = (trainer.run.progress.trained - before) / (time.monotonic() - start)
        batch = schedule.batch(trainer.run.progress.trained)
        # Reserve part of the remaining time for evaluation and writing.
        tokens = int(min(0.7 * speed * max(0, end - time.monotonic()), FINISHING * trainer.run.progress.trained))
        return trainer.finish(trainer.run.state_path, lambda: True, max(batch, tokens), plan.root / "head")
    finally:
        maker.terminate()
        maker.wait()


def alive(process: subprocess.Popen) -> bool:
    if process.poll() is not None:
        raise SystemExit(f"recipe: the process that makes texts ended with exit code {process.returncode}")
    return True
