"""Measures the depth of a routed model's tokens by task, and how many of the dense model's right answers it keeps.

Greedy decoding gives the expected answer exactly if each of its tokens, including the end, is the most likely one after its
predecessors. So one pass over question and answer gives the same verdict as decoding, which takes a pass per token.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from statistics import fmean, pvariance

import torch
import torch.nn.functional as F
from transformers import PreTrainedModel

from recipe.cycles import VANILLA
from recipe.examples import Batch, Chat, Example
from recipe.routing import layers_used, routed_layers
from recipe.training import passes

TOKENS_AT_ONCE = 4096


@dataclass
class Judged:
    """Results of one model on a set of items."""

    is_exact: bool = True
    """Whether only one answer is right."""
    items: int = 0
    right: int = 0
    losses: list[float] = field(default_factory=list)
    """Loss of each answer token."""
    prompt_layers: list[int] = field(default_factory=list)
    answer_layers: list[int] = field(default_factory=list)
    """Layers used by each token: `answer_layers` for inputs that predict an answer token, `prompt_layers` for those before."""


@torch.no_grad()
def judged(model: PreTrainedModel, examples: list[Example], is_exact: bool = True) -> Judged:
    """Evaluates answers with `model`, routed or not."""
    result, is_routed = Judged(is_exact, len(examples)), bool(routed_layers(model))
    ordered = sorted(examples, key=lambda one: len(one.ids))
    for group, _ in passes([(one, VANILLA) for one in ordered], TOKENS_AT_ONCE):
        batch = Batch.of(group, pad=0)
        wanted = batch.predicting()
        before = torch.arange(wanted.shape[1]) < batch.answer_starts[:, None] - 1
        logits = model(batch.ids, use_cache=False).logits.float()
        following = batch.ids.roll(-1, dims=1)
        result.right += int(((logits.argmax(-1) == following) | ~wanted).all(dim=1).sum())
        result.losses += F.cross_entropy(logits[wanted], following[wanted], reduction="none").tolist()
        used = layers_used(model) if is_routed else torch.full(batch.ids.shape, len(model.model.layers))
        result.answer_layers += used[wanted].tolist()
        result.prompt_layers += used[before].tolist()
    return result


def judged_items(model: PreTrainedModel, chat: Chat, items: list[dict[str, str]]) -> Judged:
    """Evaluates the items of a task's file."""
    examples = [chat.example([{"role": "user", "content": item["prompt"]}], item["answer"]) for item in items]
    return judged(model, examples, all(item.get("metric") != "loss" for item in items))


def table(plain: dict[str, Judged], routed: dict[str, Judged]) -> str:
    """Returns a Markdown table with a line per task and a total, comparing `routed` with `plain`."""
    head = "| task | right, % | routed | loss | routed | layers, answer (variance) | layers, question (variance) |"
    lines = [head, "| --- | ---: | ---: | ---: | ---: | ---: | ---: |"]
    lines += [line(name, plain[name], routed[name]) for name in plain]
    both = [merged(one.values()) for one in (plain, routed)]
    kept = 100 * both[1].right / max(1, both[0].right)
    return "\n".join([*lines, line("all", *both), "", f"Kept of the plain model's right answers: {kept:.1f} %"])


def line(name: str, plain: Judged, routed: Judged) -> str:
    right = [f"{100 * one.right / one.items:.1f}" if one.is_exact else "" for one in (plain, routed)]
    losses = [f"{fmean(one.losses):.3f}" for one in (plain, routed)]
    layers = [f"{fmean(used):.2f} ({pvariance(used):.2f})" for used in (routed.answer_layers, routed.prompt_layers)]
    return "| " + " | ".join([name, *right, *losses, *layers]) + " |"


def merged(parts: Iterable[Judged]) -> Judged:
    """Combines tasks: right answers of those that count them, losses and layers of all."""
    result = Judged()
    for part in parts:
        result.items += part.items if part.is_exact else 0
        result.right += part.right if part.is_exact else 0
        result.losses += part.losses
        result.prompt_layers += part.prompt_layers
        result.answer_layers += part.answer_layers
    return result
