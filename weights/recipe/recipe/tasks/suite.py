"""All tasks by name, with their frequency in training and their metric."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random

from recipe.tasks import facts, numbers, prose


@dataclass(frozen=True)
class Task:
    """A task. `draw(random, held_out)` returns a question and its answer."""

    draw: Callable[[Random, bool], tuple[str, str]]
    weight: float
    """Relative frequency in training."""
    metric: str = "exact"
    """`exact`, or `loss` if many answers are right."""


@dataclass(frozen=True)
class Item:
    task: str
    prompt: str
    answer: str


SUITE = {
    "copy": Task(prose.copy, 1.5),
    "continue": Task(prose.continuation, 0.5, metric="loss"),
    "repeat": Task(numbers.repeat, 0.5),
    "sort": Task(numbers.sort, 1),
    "sum": Task(numbers.total, 4),
    "addition": Task(numbers.addition, 1.5),
    "long-addition": Task(numbers.long_addition, 0.75),
    "multiplication": Task(numbers.multiplication, 2),
    "long-multiplication": Task(numbers.long_multiplication, 0.5),
    "two-steps": Task(numbers.two_steps, 1.5),
    "product": Task(numbers.product, 0.25),
    "facts": Task(facts.fact, 0.5),
}


def training_item(random: Random, weights: Mapping[str, float] = {}) -> Item:
    """Draws a training item. `weights` overrides tasks' weights."""
    name = random.choices(list(SUITE), [weights.get(name, task.weight) for name, task in SUITE.items()])[0]
    return Item(name, *SUITE[name].draw(random, False))


def held_out_items(name: str, count: int = 200, seed: int = 0) -> list[Item]:
    """Returns `count` distinct held-out items of a task, or all if there are fewer."""
    random, items = Random(f"{name}-{seed}"), {}
    for _ in range(100 * count):
        item = Item(name, *SUITE[name].draw(random, True))
        items.setdefault(item.prompt, item)
        if len(items) == count:
            break
    return list(items.values())
