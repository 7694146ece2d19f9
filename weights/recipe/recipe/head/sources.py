"""Where prompts come from: everyday ones, the embedded model's task suite, or a file of one's own."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random
from typing import Protocol

from recipe.head.prompts import Prompt, Prompts
from recipe.tasks import SUITE

EVERYDAY, TASKS = "everyday", "tasks"
HELD_OUT_EVERY = 10
"""Of a file, the last line of every ten is held out."""


class PromptSource(Protocol):
    def prompt(self, seed: str) -> Prompt: ...


def prompt_source(name: str, held_out: bool) -> PromptSource:
    """Returns the prompts of `everyday`, `tasks` or a JSONL file's path."""
    if name == EVERYDAY:
        return Prompts(held_out)
    return TaskPrompts(held_out) if name == TASKS else FilePrompts(Path(name), held_out)


class TaskPrompts:
    """Questions of the task suite, as often as in its own training."""

    def __init__(self, held_out: bool):
        self.held_out = held_out

    def prompt(self, seed: str) -> Prompt:
        random = Random(f"{'held-out' if self.held_out else 'training'}-{seed}")
        name = random.choices(list(SUITE), [task.weight for task in SUITE.values()])[0]
        return Prompt(name, SUITE[name].draw(random, self.held_out)[0])


class FilePrompts:
    """The lines of a JSONL file: {"prompt"} and, for the tables, {"kind"}."""

    def __init__(self, path: Path, held_out: bool):
        self.prompts = []
        try:
            lines = path.read_text().splitlines()
        except OSError as error:
            raise SystemExit(f"recipe: {path} cannot be read ({error.strerror}); give everyday, tasks or a JSONL file with --prompts")
        for number, line in enumerate(lines, 1):
            try:
                record = json.loads(line)
                one = Prompt(str(record.get("kind", "own")), record["prompt"].strip())
            except (ValueError, KeyError, AttributeError):
                raise SystemExit(f'recipe: {path}, line {number}: not an object with a text as "prompt"') from None
            if (number % HELD_OUT_EVERY == 0) == held_out:
                self.prompts.append(one)
        if not self.prompts:
            raise SystemExit(f"recipe: {path} has {len(lines)} prompts; give at least {HELD_OUT_EVERY}, of which every tenth is held out")

    def prompt(self, seed: str) -> Prompt:
        return Random(f"own-{seed}").choice(self.prompts)
