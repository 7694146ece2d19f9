"""The training loop: whole sequences, loss on answers only, a random factor per sequence."""

from __future__ import annotations

import json
import math
import os
import time
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Protocol

import torch
import torch.nn.functional as F
from torch.distributed.checkpoint.state_dict import StateDictOptions, get_state_dict, set_state_dict
from torch.distributed.fsdp import FSDPModule

from recipe import distributed
from recipe.cycles import VANILLA, MaskedPass, Rule, cycle_indices, factor_name, seen_by_trunk
from recipe.examples import Batch, Example
from recipe.optimizers import optimizers
from recipe.routing import layers_used, lift_gates, skip_losses


LIFT = 6.0
"""The initial offset of gate logits: a gate of 0.998."""


class Examples(Protocol):
    def batch(self, step: int, size: int) -> list[Example]: ...


@dataclass(frozen=True)
class Schedule:
    """Number of steps, learning rate, factors and loss."""

    steps: int
    sequences: int
    """Sequences per step, over all processes."""
    learning_rate: float
    factors: tuple[int, ...] = (VANILLA,)
    head_layers: int = 8
    rule: Rule = Rule()
    seed: int = 0
    warmup: int = 100
    optimizer: str = "adamw"
    weight_decay: float = 0.1
    answer_power: float = 1.0
    """An answer of n tokens has weight n to this power: with 1, tokens count equally; with 0, answers do."""
    distillation: float = 0.0
    """Share of the divergence from the teacher's distribution in the loss."""
    penalties: tuple[float, ...] = ()
    """Penalties on using routed layers, in stages of equal length; empty if no layer is routed."""
    tokens_at_once: int = 1024
    """Padded tokens per forward pass; a step runs as many passes as it needs. On a CPU, short passes stay in the caches."""
    save_every: int = 200
    lifted: float = 0.0
    """Share of the steps over which the routers' gates are lowered from fully open."""

    def rate(self, step: int) -> float:
        """Returns the learning rate: warm-up, then a cosine decay to 1/50."""
        if step < self.warmup:
            return self.learning_rate * (step + 1) / self.warmup
        done = (step - self.warmup) / max(1, self.steps - self.warmup)
        return self.learning_rate * (0.51 + 0.49 * math.cos(math.pi * done))

    def penalty(self, step: int) -> float:
        return self.penalties[step * len(self.penalties) // self.steps]

    def lift(self, step: int) -> float:
        """Returns the offset of every gate's logit."""
        return LIFT * max(0.0, 1 - step / (self.lifted * self.steps)) if self.lifted > 0 else 0.0

    def drawn_factors(self, step: int) -> list[int]:
        random = Random(f"factors-{self.seed}-{step}")
        return [random.choice(self.factors) for _ in range(self.sequences)]


@dataclass
class Loss:
    """Sums over answer tokens, by name."""

    sums: dict[str, float] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)

    def add(self, name: str, total: float, count: int) -> None:
        self.sums[name] = self.sums.get(name, 0.0) + total
        self.counts[name] = self.counts.get(name, 0) + count

    def means(self) -> dict[str, float]:
        return {name: round(self.sums[name] / self.counts[name], 4) for name in sorted(self.sums) if self.counts[name]}


@dataclass
class Losses:
    """The losses of a stretch of training, by factor and by task."""

    factors: Loss = field(default_factory=Loss)
    tasks: Loss = field(default_factory=Loss)
    layers: Loss = field(default_factory=Loss)
    """Layers used per token, by task, if layers are routed."""
    tokens: int = 0


def passes(ordered: list[tuple[Example, int]], tokens_at_once: int) -> list[tuple[list[Example], list[int]]]:
    """Groups sequences and their factors, ordered by length, into passes of at most `tokens_at_once` padded tokens."""
    result: list[list[tuple[Example, int]]] = [[]]
    for pair in ordered:
        if result[-1] and len(pair[0].ids) * (len(result[-1]) + 1) > tokens_at_once:
            result.append([])
        result[-1].append(pair)
    return [([one for one, _ in group], [factor for _, factor in group]) for group in result]


def answer_losses(
    model: MaskedPass, batch: Batch, factors: torch.Tensor, schedule: Schedule, teacher: MaskedPass | None
) -> tuple[torch.Tensor, torch.Tensor]:
    """Returns the loss of each answer token, [tokens], and the index of its sequence, [tokens]."""
    wanted = batch.predicting()
    sequence, position = wanted.nonzero(as_tuple=True)

    def logits(network: MaskedPass, drawn: torch.Tensor) -> torch.Tensor:
        indices = cycle_indices(batch.ids.shape[1], batch.answer_starts, drawn, schedule.rule)
        return network(batch.ids, indices, wanted, seen_by_trunk(indices, batch.answer_starts, schedule.rule))

    found = logits(model, factors)
    losses = F.cross_entropy(found, batch.ids[sequence, position + 1], reduction="none")
    if teacher is None:
        return losses, sequence
    with torch.no_grad():
        expected = logits(teacher, torch.zeros_like(factors)).log_softmax(-1)
    divergence = F.kl_div(found.log_softmax(-1), expected, reduction="none", log_target=True).sum(-1)
    return (1 - schedule.distillation) * losses + schedule.distillation * divergence, sequence


class Run:
    """A training run in a directory: `log.jsonl`, and `state.pt` to resume from."""

    def __init__(
        self,
        model: MaskedPass,
        examples: Examples,
        schedule: Schedule,
        directory: Path,
        pad: int,
        teacher: MaskedPass | None = None,
        process: int = 0,
        processes: int = 1,
    ):
        self.model, self.examples, self.schedule, self.directory, self.pad = model, examples, schedule, directory, pad
        self.teacher, self.process, self.processes = teacher, process, processes
        self.device = next(model.parameters()).device
        self.optimizers = optimizers(model, schedule.optimizer, schedule.weight_decay)
        self.step = 0

    def train(self) -> None:
        """Trains from the saved state to the schedule's last step."""
        self.directory.mkdir(parents=True, exist_ok=True)
        self.resume()
        self.model.train()
        losses, start = Losses(), time.monotonic()
        while self.step < self.schedule.steps:
            self.one_step(losses)
            self.step += 1
            is_last = self.step == self.schedule.steps
            if self.step % 20 == 0 or is_last:
                self.log(losses, losses.tokens / (time.monotonic() - start))
                losses, start = Losses(), time.monotonic()
            if self.step % self.schedule.save_every == 0 or is_last:
                self.save()

    def one_step(self, losses: Losses) -> None:
        """Runs one optimizer step over all processes' sequences and adds this process's losses to `losses`."""
        schedule = self.schedule
        for optimizer in self.optimizers:
            for group in optimizer.param_groups:
                group["lr"] = schedule.rate(self.step) * group.get("pace", 1.0)
        lift_gates(self.model.model, schedule.lift(self.step))
        examples = self.examples.batch(self.step, schedule.sequences)
        factors = schedule.drawn_factors(self.step)
        total_weight = sum(one.answer_length**schedule.answer_power for one in examples)
        total_tokens = sum(len(one.ids) for one in examples)
        # Distribute by length, so that processes have similar work.
        pairs = sorted(zip(examples, factors), key=lambda pair: len(pair[0].ids))
        shares = [passes(pairs[one :: self.processes], schedule.tokens_at_once) for one in range(self.processes)]
        mine = shares[self.process]
        # Every process must join sharded passes: those with fewer repeat one and discard it.
        is_sharded = isinstance(self.model, FSDPModule)
        idle = [mine[0]] * (max(map(len, shares)) - len(mine) if is_sharded else 0)
        for number, (group, drawn) in enumerate(mine + idle):
            batch = Batch.of(group, self.pad).to(self.device)
            found, sequence = answer_losses(
                self.model, batch, torch.tensor(drawn, device=self.device), schedule, self.teacher
            )
            # Gradients are averaged over processes; the loss is the weighted mean over the step's answer tokens.
            lengths = torch.tensor([one.answer_length for one in group], device=self.device)
            scale = self.processes / total_weight if number < len(mine) else 0.0
            loss = (found * lengths[sequence] ** (schedule.answer_power - 1)).sum() * scale
            if schedule.penalties:
                share = self.processes / total_tokens if number < len(mine) else 0.0
                loss = loss + schedule.penalty(self.step) * skip_losses(self.model.model)[batch.real()].sum() * share
                if number < len(mine):
                    self.count_layers(group, batch, losses)
            loss.backward()
            for index, (one, factor) in enumerate(zip(group, drawn) if number < len(mine) else ()):
                own = found.detach()[sequence == index]
                losses.factors.add(factor_name(factor), float(own.sum()), len(own))
                losses.tasks.add(one.task, float(own.sum()), len(own))
        if self.processes > 1 and not is_sharded:
            distributed.average_gradients(self.model)
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        for optimizer in self.optimizers:
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        losses.tokens += total_tokens

    def count_layers(self, group: list[Example], batch: Batch, losses: Losses) -> None:
        used = layers_used(self.model.model).cpu()
        for one, row, is_real in zip(group, used, batch.real().cpu()):
            losses.layers.add(one.task, float(row[is_real].sum()), len(one.ids))

    def log(self, losses: Losses, rate: float) -> None:
        if self.process != 0:
            return
        line = {
            "step": self.step,
            "rate": round(self.schedule.rate(self.step), 7),
            "loss": losses.factors.means(),
            "tasks": losses.tasks.means(),
            **({"layers": losses.layers.means()} if losses.layers.counts else {}),
            "tokens_per_second": round(rate),
        }
        with open(self.directory / "log.jsonl", "a") as file:
            file.write(json.dumps(line) + "\n")
        print(json.dumps(line), flush=True)

    def forget_after(self, step: int) -> None:
        """Removes log lines of steps that a kill lost and that will be repeated."""
        log = self.directory / "log.jsonl"
        if self.process != 0 or not log.exists():
            return
        lines = [line for line in log.read_text().splitlines() if json.loads(line)["step"] <= step]
        log.with_suffix(".partial").write_text("".join(line + "\n" for line in lines))
        os.replace(log.with_suffix(".partial"), log)

    def save(self) -> None:
        """Saves the state atomically, by writing a new file and renaming it."""
        options = StateDictOptions(full_state_dict=True, cpu_offload=True)
        model, optimizer = get_state_dict(self.model, self.optimizers, options=options)
        if self.process != 0:
            return
        path = self.directory / "state.pt"
        torch.save({"step": self.step, "model": model, "optimizer": optimizer}, path.with_suffix(".partial"))
        os.replace(path.with_suffix(".partial"), path)

    def resume(self) -> None:
        path = self.directory / "state.pt"
        if not path.exists():
            return
        state = torch.load(path, map_location="cpu", weights_only=True)
        self.step = state["step"]
        self.forget_after(self.step)
        set_state_dict(
            self.model, self.optimizers, model_state_dict=state["model"], optim_state_dict=state["optimizer"],
            options=StateDictOptions(full_state_dict=True),
        )  # fmt: skip
