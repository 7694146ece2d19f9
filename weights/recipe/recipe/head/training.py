"""The training loop: steps at a constant learning rate, possibly for days, and a decay to zero from any saved state."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch

from recipe.head.addon import AddOn
from recipe.head.feed import Feed
from recipe.head.loss import Divergence, Vocabulary
from recipe.head.teacher import Teacher
from recipe.optimizers import optimizers

CURVE = (300_000, 1_000_000, 3_000_000, 10_000_000, 30_000_000, 100_000_000)
"""Numbers of trained tokens at which the state is saved for the learning curve."""


@dataclass(frozen=True)
class Schedule:
    """Learning rate and batch size."""

    rate: float = 1e-3
    optimizer: str = "muon"
    warmup: int = 20
    """In steps."""
    batches: tuple[tuple[int, int], ...] = ((0, 2048), (50_000, 4096), (400_000, 8192), (3_000_000, 16384), (15_000_000, 32768))
    """Pairs: from this number of trained tokens on, this many per step. Early on, many small steps help most."""
    rows_at_once: int = 2048
    decay_from: int | None = None
    """Number of trained tokens at which a linear decay to zero starts, over `decay_tokens`."""
    decay_tokens: int = 0

    def batch(self, trained: int) -> int:
        return max(size for begin, size in self.batches if begin <= trained)

    def rate_at(self, step: int, trained: int) -> float:
        rate = self.rate * min(1.0, (step + 1) / self.warmup)
        if self.decay_from is None:
            return rate
        return rate * max(0.0, 1 - (trained - self.decay_from) / self.decay_tokens)


@dataclass
class Progress:
    step: int = 0
    trained: int = 0
    """Number of head-only rows with a loss: the measure of progress."""
    seconds: float = 0.0
    """Processor time in seconds."""


class Meter:
    """Divergence and agreement by cycle index since the last line of the log."""

    def __init__(self) -> None:
        self.rows: list[tuple[torch.Tensor, torch.Tensor, torch.Tensor]] = []
        self.start = time.monotonic()

    def add(self, cycle_indices: torch.Tensor, divergence: torch.Tensor, agrees: torch.Tensor) -> None:
        self.rows.append((cycle_indices, divergence.detach().cpu(), agrees.cpu().float()))

    def line(self) -> dict:
        cycle_indices, divergence, agrees = (torch.cat(one) for one in zip(*self.rows))
        by_index = {
            str(cycle_index): [round(float(one[cycle_indices == cycle_index].mean()), 4) for one in (divergence, agrees)]
            for cycle_index in cycle_indices.unique().tolist()
        }
        return {
            "kl": round(float(divergence.mean()), 4),
            "agreement": round(float(agrees.mean()), 4),
            "places": by_index,
            "tokens_per_second": round(len(cycle_indices) / (time.monotonic() - self.start)),
        }


class HeadRun:
    """A run in a directory: `log.jsonl`, `state.pt` to resume from, and the states saved for the learning curve."""

    def __init__(self, directory: Path, teacher: Teacher, feed: Feed, vocabulary: Vocabulary, schedule: Schedule, seed: int = 0):
        self.directory, self.teacher, self.feed, self.vocabulary, self.schedule = directory, teacher, feed, vocabulary, schedule
        self.addon, self.seed = AddOn(teacher), seed
        self.optimizers = optimizers(self.addon, schedule.optimizer, weight_decay=0.0)
        self.progress, self.meter = Progress(), Meter()
        directory.mkdir(parents=True, exist_ok=True)
        if self.state_path.exists():
            self.restore(self.state_path)
        self._saved = (time.monotonic(), time.process_time())

    @property
    def state_path(self) -> Path:
        return self.directory / "state.pt"

    @property
    def is_finished(self) -> bool:
        schedule = self.schedule
        return schedule.decay_from is not None and self.progress.trained >= schedule.decay_from + schedule.decay_tokens

    def run(self, may_go_on: Callable[[], bool], evaluated: Callable[[], dict]) -> None:
        """Trains until the decay is complete or `may_go_on` returns false. Waits while there are no texts."""
        while may_go_on() and not self.is_finished:
            before = self.progress.trained
            if not self.step(may_go_on):
                break
            crossed = [mark for mark in CURVE if before < mark <= self.progress.trained] if self.schedule.decay_from is None else []
            if self.progress.step % 10 == 0 or self.is_finished or self._is_due(before):
                self.log({"held_out": evaluated()} if self.is_finished or self._is_due(before) or crossed else {})
            if crossed or self.is_finished or self._should_save():
                self.save()
            for mark in crossed:
                kept = self.directory / f"state-{mark}.pt"
                kept.with_suffix(".partial").write_bytes(self.state_path.read_bytes())
                os.replace(kept.with_suffix(".partial"), kept)
        self.save()

    def _should_save(self) -> bool:
        """Whether some minutes have passed since the last save, of processor time too: on a busy machine they may hold little work."""
        seconds, processor_seconds = (now - then for now, then in zip((time.monotonic(), time.process_time()), self._saved))
        return seconds > 180 and processor_seconds > 20

    def _is_due(self, before: int) -> bool:
        """Whether to evaluate: after every tenth more of training, but at most every 50,000 tokens."""
        after, due = self.progress.trained, 50_000
        while due <= after:
            if before < due:
                return True
            due += max(50_000, due // 10)
        return False

    def step(self, may_go_on: Callable[[], bool]) -> bool:
        """Runs one optimizer step. Returns False if `may_go_on` returned false while waiting for texts."""
        schedule, progress = self.schedule, self.progress
        wanted, done = schedule.batch(progress.trained), 0
        generator = torch.Generator().manual_seed(self.seed * 1_000_003 + progress.step)
        start = time.process_time()
        while done < wanted:
            batch = self.feed.batch(min(schedule.rows_at_once, wanted - done))
            if batch is None:
                if not may_go_on():
                    return False
                time.sleep(1)
                continue
            done += self._backward(*batch, generator, wanted)
        torch.nn.utils.clip_grad_norm_(self.addon.parameters(), 1.0)
        rate = schedule.rate_at(progress.step, progress.trained)
        for optimizer in self.optimizers:
            for group in optimizer.param_groups:
                group["lr"] = rate
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        progress.step += 1
        progress.trained += done
        progress.seconds += time.process_time() - start
        return True

    def _backward(self, lessons, rows, generator: torch.Generator, wanted: int) -> int:  # noqa: ANN001
        states = self.addon(lessons, rows)
        expected = torch.cat([lesson.states[one.positions] for lesson, one in zip(lessons, rows)]).to(states.device)
        output = self.vocabulary.drawn(generator)
        common = len(self.vocabulary.common)
        divergence, agrees = Divergence.apply(states, expected, output, common, self.vocabulary.weight)
        (divergence.sum() / wanted).backward()
        self.meter.add(torch.cat([one.cycle_indices for one in rows]), divergence, agrees)
        return len(states)

    def log(self, more: dict) -> None:
        progress = self.progress
        line = {
            "step": progress.step, "trained": progress.trained, "seen": self.feed.tokens,
            "rate": self.schedule.rate_at(progress.step, progress.trained), "processor_seconds": round(progress.seconds),
            **self.meter.line(), **more,
        }  # fmt: skip
        self.meter = Meter()
        with open(self.directory / "log.jsonl", "a") as file:
            file.write(json.dumps(line) + "\n")
        print(json.dumps(line), flush=True)

    def save(self) -> None:
        """Saves the state atomically, by writing a new file and renaming it."""
        state = {
            "progress": vars(self.progress), "feed": self.feed.state(), "addon": self.addon.state_dict(),
            "optimizers": [one.state_dict() for one in self.optimizers], "optimizer": self.schedule.optimizer,
        }  # fmt: skip
        partial = self.state_path.with_suffix(".partial")
        torch.save(state, partial)
        os.replace(partial, self.state_path)
        self._saved = (time.monotonic(), time.process_time())

    def restore(self, path: Path) -> None:
        state = torch.load(path, map_location=self.teacher.embedding.device, weights_only=True)
        if state["optimizer"] != self.schedule.optimizer:
            raise SystemExit(f"recipe: {path} was trained with {state['optimizer']}, not {self.schedule.optimizer}")
        self.progress = Progress(**state["progress"])
        self.feed.restore(state["feed"])
        self.addon.load_state_dict(state["addon"])
        for optimizer, saved in zip(self.optimizers, state["optimizers"]):
            optimizer.load_state_dict(saved)
        self.forget_after(self.progress.step)

    def forget_after(self, step: int) -> None:
        """Removes log lines of steps that a kill lost and that will be repeated."""
        log = self.directory / "log.jsonl"
        if not log.exists():
            return
        whole = [line for line in log.read_text().splitlines() if line.endswith("}")]
        log.with_suffix(".partial").write_text("".join(line + "\n" for line in whole if json.loads(line)["step"] <= step))
        os.replace(log.with_suffix(".partial"), log)
