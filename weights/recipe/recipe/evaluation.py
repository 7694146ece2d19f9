"""Accuracy by task and factor, decoded in PyTorch: the reference for `volley eval`."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path

import torch
from transformers import PreTrainedModel

from recipe.cycles import VANILLA, factor_name
from recipe.decoding import Decoder
from recipe.examples import Chat
from recipe.routing import routed_layers

LIMIT = 320
"""Maximum tokens of an answer."""


def read_items(path: Path, limit: int | None) -> list[dict[str, str]]:
    lines = [line for line in path.read_text().splitlines() if line.strip()]
    return [json.loads(line) for line in lines[:limit]]


def answers(
    model: PreTrainedModel, chat: Chat, prompts: list[str], factor: int, head_layers: int
) -> list[str]:
    """Returns greedy answers. Prompts of equal length are decoded together."""
    ids = [chat.prompt([{"role": "user", "content": prompt}]) for prompt in prompts]
    by_length: dict[int, list[int]] = defaultdict(list)
    for index, one in enumerate(ids):
        by_length[len(one)].append(index)
    result = [""] * len(prompts)
    for indices in by_length.values():
        batch = torch.tensor([ids[index] for index in indices])
        for index, tokens in zip(indices, Decoder(model, head_layers).greedy(batch, factor, LIMIT, chat.ends)):
            result[index] = chat.tokenizer.decode(tokens)
    return result


def plan_name(model: PreTrainedModel, factor: int) -> str:
    """Returns the name in `volley eval --json` for decoding `model` at `factor`. For a routed model, vanilla is its routed plan."""
    if factor != VANILLA or not routed_layers(model):
        return factor_name(factor)
    return {"mixture_of_depths": "mod"}.get(model.routing.method, model.routing.method)


def agreement(lines: list[dict[str, object]], evaluation: dict) -> str:
    """Reports how many answers equal those of `volley eval --json`, and lists the others."""
    # `mtd` is "off" for plans without factors, too.
    others = {
        (task["task"], plan.get("plan", plan["mtd"]), index): text
        for task in evaluation["tasks"]
        for plan in task["plans"]
        for index, text in enumerate(plan["answers"])
    }
    pairs = [(line, others.get((line["task"], line["plan"], line["item"]))) for line in lines]
    compared = [(line, other) for line, other in pairs if other is not None]
    if not compared:
        wanted = ",".join(dict.fromkeys(str(line["plan"]) for line in lines))
        raise SystemExit(f"recipe: nothing to compare; give --against the output of volley eval --json for these tasks under {wanted}")
    different = [f"{line['task']} {line['plan']} {line['item']}: {line['text']!r}, there {other!r}"
                 for line, other in compared if line["text"] != other]  # fmt: skip
    return "\n".join([f"{len(compared) - len(different)} of {len(compared)} answers are the same", *different])


def accuracy(found: list[str], items: list[dict[str, str]]) -> float:
    return sum(one == item["answer"] for one, item in zip(found, items)) / len(items)
