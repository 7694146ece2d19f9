"""Questions and answers as token ids, in batches."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from random import Random

import torch
from transformers import AutoTokenizer

from recipe import vocabulary
from recipe.tasks import training_item


@dataclass(frozen=True)
class Example:
    """Ids of a prompt and its answer, which ends with the end-of-turn token."""

    ids: list[int]
    answer_start: int
    task: str = "data"
    """The name for logging its loss."""

    @property
    def answer_length(self) -> int:
        return len(self.ids) - self.answer_start


class Chat:
    """Encodes conversations with a model directory's template and tokenizer; ChatML if it has no template."""

    def __init__(self, directory: Path):
        self.tokenizer = vocabulary.load(directory)
        own = AutoTokenizer.from_pretrained(directory)
        self.template = own if own.chat_template else None
        self.ends = {own.eos_token_id, self.tokenizer.token_to_id("<|im_end|>")} - {None}

    def prompt(self, messages: list[dict[str, str]]) -> list[int]:
        return self._ids(self._rendered(messages, True))

    def example(self, messages: list[dict[str, str]], answer: str, task: str = "data") -> Example:
        """Splits into the prompt, everything before the answer, and the answer up to its end token."""
        prompt = self._rendered(messages, True)
        whole = self._rendered([*messages, {"role": "assistant", "content": answer}], False)
        if not whole.startswith(prompt):
            raise SystemExit("recipe: the chat template does not put the answer after its generation prompt")
        ids = self._ids(whole[len(prompt) :])
        length = next((index + 1 for index, one in enumerate(ids) if one in self.ends), len(ids))
        start = self._ids(prompt)
        return Example(start + ids[:length], len(start), task)

    def _rendered(self, messages: list[dict[str, str]], asks: bool) -> str:
        if self.template is None:
            return vocabulary.chat_ml(messages, asks)
        # Disable thinking in templates that support it: the data contain none.
        return self.template.apply_chat_template(
            messages, tokenize=False, add_generation_prompt=asks, enable_thinking=False
        )

    def _ids(self, text: str) -> list[int]:
        return self.tokenizer.encode(text, add_special_tokens=False).ids


class GeneratedExamples:
    """An endless task suite. A step's batch depends only on seed and step, so that runs can resume."""

    def __init__(self, chat: Chat, seed: int, weights: Mapping[str, float]):
        """`weights` overrides how often some tasks are drawn."""
        self.chat, self.seed, self.weights = chat, seed, weights

    def batch(self, step: int, size: int) -> list[Example]:
        random = Random(f"{self.seed}-{step}")
        items = [training_item(random, self.weights) for _ in range(size)]
        return [
            self.chat.example([{"role": "user", "content": item.prompt}], item.answer, item.task) for item in items
        ]


class FileExamples:
    """JSONL lines of `{"prompt" | "messages", "answer"}`, or of `messages` whose assistant turns are the answers.

    Each answer of a conversation is a separate example. Everything before it is prompt, because the head's input at prompt positions
    differs from that in answers.
    """

    def __init__(self, path: Path, chat: Chat, seed: int, longest: int):
        examples = [
            chat.example(messages, answer)
            for line in path.read_text().splitlines()
            if line.strip()
            for messages, answer in answers(json.loads(line))
        ]
        self.examples = [one for one in examples if len(one.ids) <= longest]
        if not self.examples:
            raise SystemExit(f"recipe: {path} holds no example of at most {longest} tokens")
        self.seed = seed

    def batch(self, step: int, size: int) -> list[Example]:
        """Returns the next examples, in an order that changes every epoch."""
        first = step * size
        return [self.examples[self._order(n // len(self.examples))[n % len(self.examples)]] for n in range(first, first + size)]

    def _order(self, round_: int) -> list[int]:
        order = list(range(len(self.examples)))
        Random(f"{self.seed}-{round_}").shuffle(order)
        return order


def answers(record: dict) -> Iterator[tuple[list[dict[str, str]], str]]:
    """Yields each answer with the turns before it."""
    messages = record.get("messages") or [{"role": "user", "content": record["prompt"]}]
    if "answer" in record:
        yield messages, record["answer"]
        return
    for index, turn in enumerate(messages):
        if turn["role"] == "assistant":
            yield messages[:index], turn["content"]


@dataclass(frozen=True)
class Batch:
    """Right-padded sequences. Causal attention never sees the padding."""

    ids: torch.Tensor
    """[sequences, length]"""
    answer_starts: torch.Tensor
    """[sequences]: position of the first answer token"""
    lengths: torch.Tensor
    """[sequences]"""

    @staticmethod
    def of(examples: list[Example], pad: int) -> Batch:
        length = max(len(one.ids) for one in examples)
        rows = [one.ids + [pad] * (length - len(one.ids)) for one in examples]
        return Batch(
            torch.tensor(rows),
            torch.tensor([one.answer_start for one in examples]),
            torch.tensor([len(one.ids) for one in examples]),
        )

    def to(self, device: torch.device) -> Batch:
        return Batch(self.ids.to(device), self.answer_starts.to(device), self.lengths.to(device))

    def real(self) -> torch.Tensor:
        """[sequences, length]: whether a position holds a token rather than padding."""
        return torch.arange(self.ids.shape[1], device=self.ids.device) < self.lengths[:, None]

    def predicting(self) -> torch.Tensor:
        """[sequences, length]: whether position p predicts an answer token, at p + 1."""
        following = torch.arange(1, self.ids.shape[1] + 1, device=self.ids.device)
        return (following >= self.answer_starts[:, None]) & (following < self.lengths[:, None])
