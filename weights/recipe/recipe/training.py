"""The training loop: whole sequences, the loss on answers alone, a factor drawn for each sequence."""

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

from recipe.cycles import VANILLA, MaskedPass, places
from recipe.examples import Batch, Example


class Examples(Protocol):
    def batch(self, step: int, size: int) -> list[Example]: ...


@dataclass(frozen=True)
class Schedule:
    """How long, how fast, and on what factors."""

    steps: int
    sequences: int
    """A step's sequences, of all processes together."""
    learning_rate: float
    factors: tuple[int, ...] = (VANILLA,)
    head_layers: int = 8
    phase: str = "prompt"
    seed: int = 0
    warmup: int = 100
    weight_decay: float = 0.1
    distillation: float = 0.0
    """Share of the loss that is the divergence from the teacher's distribution."""
    tokens_at_once: int = 1024
    """Padded tokens of a forward pass; a step takes as many as it needs. On a CPU short passes stay in its caches."""
    save_every: int = 200

    def rate(self, step: int) -> float:
        """Warm-up, then a cosine down to a tenth."""
        if step < self.warmup:
            return self.learning_rate * (step + 1) / self.warmup
        done = (step - self.warmup) / max(1, self.steps - self.warmup)
        return self.learning_rate * (0.55 + 0.45 * math.cos(math.pi * done))

    def drawn_factors(self, step: int) -> list[int]:
        random = Random(f"factors-{self.seed}-{step}")
        return [random.choice(self.factors) for _ in range(self.sequences)]


@dataclass
class Loss:
    """Sums over answer tokens, by factor."""

    sums: dict[int, float] = field(default_factory=dict)
    counts: dict[int, int] = field(default_factory=dict)

    def add(self, factor: int, total: float, count: int) -> None:
        self.sums[factor] = self.sums.get(factor, 0.0) + total
        self.counts[factor] = self.counts.get(factor, 0) + count

    def means(self) -> dict[str, float]:
        return {
            "off" if factor == VANILLA else str(factor): round(self.sums[factor] / max(1, self.counts[factor]), 4)
            for factor in sorted(self.sums)
        }


def passes(examples: list[Example], factors: list[int], tokens_at_once: int) -> list[tuple[list[Example], list[int]]]:
    """Cuts a step's sequences into passes of like length, none with more padded tokens than it may have."""
    ordered = sorted(zip(examples, factors), key=lambda pair: len(pair[0].ids))
    result: list[list[tuple[Example, int]]] = [[]]
    for pair in ordered:
        if result[-1] and len(pair[0].ids) * (len(result[-1]) + 1) > tokens_at_once:
            result.append([])
        result[-1].append(pair)
    return [([one for one, _ in group], [factor for _, factor in group]) for group in result]


def answer_losses(
    model: MaskedPass, batch: Batch, factors: torch.Tensor, schedule: Schedule, teacher: MaskedPass | None
) -> tuple[torch.Tensor, torch.Tensor]:
    """Returns the loss of each answer token, [tokens], and the number of its sequence, [tokens]."""
    wanted = batch.predicting()
    sequence, position = wanted.nonzero(as_tuple=True)

    def logits(network: MaskedPass, drawn: torch.Tensor) -> torch.Tensor:
        return network(batch.ids, places(batch.ids.shape[1], batch.answer_starts, drawn, schedule.phase), wanted)

    found = logits(model, factors)
    losses = F.cross_entropy(found, batch.ids[sequence, position + 1], reduction="none")
    if teacher is None:
        return losses, sequence
    with torch.no_grad():
        expected = logits(teacher, torch.zeros_like(factors)).log_softmax(-1)
    divergence = F.kl_div(found.log_softmax(-1), expected, reduction="none", log_target=True).sum(-1)
    return (1 - schedule.distillation) * losses + schedule.distillation * divergence, sequence


class Run:
    """One training run in a directory: `log.jsonl`, and `state.pt` to resume from."""

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
        matrices = [one for one in model.parameters() if one.requires_grad and one.dim() > 1]
        vectors = [one for one in model.parameters() if one.requires_grad and one.dim() <= 1]
        self.optimizer = torch.optim.AdamW(
            [{"params": matrices, "weight_decay": schedule.weight_decay}, {"params": vectors, "weight_decay": 0.0}],
            lr=schedule.learning_rate,
            betas=(0.9, 0.95),
        )
        self.step = 0

    def train(self) -> None:
        """Runs from where the directory's state ends to the schedule's last step."""
        self.directory.mkdir(parents=True, exist_ok=True)
        self.resume()
        self.model.train()
        while self.step < self.schedule.steps:
            start = time.monotonic()
            loss, tokens = self.one_step()
            self.step += 1
            if self.step % 20 == 0 or self.step == self.schedule.steps:
                self.log(loss, tokens / (time.monotonic() - start))
            if self.step % self.schedule.save_every == 0 or self.step == self.schedule.steps:
                self.save()

    def one_step(self) -> tuple[Loss, int]:
        """One optimizer step over all processes' sequences."""
        schedule = self.schedule
        for group in self.optimizer.param_groups:
            group["lr"] = schedule.rate(self.step)
        examples = self.examples.batch(self.step, schedule.sequences)
        factors = schedule.drawn_factors(self.step)
        answer_tokens = sum(len(one.ids) - one.answer_start for one in examples)
        shares = [
            passes(examples[one :: self.processes], factors[one :: self.processes], schedule.tokens_at_once)
            for one in range(self.processes)
        ]
        mine = shares[self.process]
        # Sharded passes are everybody's work: who has fewer of them repeats one, for nothing.
        idle = [mine[0]] * (max(map(len, shares)) - len(mine))
        loss = Loss()
        for number, (group, drawn) in enumerate(mine + idle):
            batch = Batch.of(group, self.pad).to(self.device)
            losses, sequence = answer_losses(
                self.model, batch, torch.tensor(drawn, device=self.device), schedule, self.teacher
            )
            # Gradients of processes are averaged; the loss is the mean over all answer tokens of the step.
            weight = self.processes / answer_tokens if number < len(mine) else 0.0
            (losses.sum() * weight).backward()
            for index, factor in enumerate(drawn if number < len(mine) else []):
                own = losses.detach()[sequence == index]
                loss.add(factor, float(own.sum()), len(own))
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        return loss, sum(len(one.ids) for one in examples)

    def log(self, loss: Loss, rate: float) -> None:
        if self.process != 0:
            return
        line = {
            "step": self.step,
            "rate": round(self.schedule.rate(self.step), 7),
            "loss": loss.means(),
            "tokens_per_second": round(rate),
        }
        with open(self.directory / "log.jsonl", "a") as file:
            file.write(json.dumps(line) + "\n")
        print(json.dumps(line), flush=True)

    def save(self) -> None:
        """Writes the state beside the old one, then takes its name: a kill leaves one or the other."""
        options = StateDictOptions(full_state_dict=True, cpu_offload=True)
        model, optimizer = get_state_dict(self.model, self.optimizer, options=options)
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
        set_state_dict(
            self.model, self.optimizer, model_state_dict=state["model"], optim_state_dict=state["optimizer"],
            options=StateDictOptions(full_state_dict=True),
        )  # fmt: skip
