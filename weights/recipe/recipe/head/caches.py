"""The checkpoint's outputs for each answer, cached on disk, so that training runs only the add-on.

A shard is one safetensors file with every text's ids, the original head's keys and values, and the final states, from which vanilla's
logits are recomputed.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import save_file

from recipe.head.teacher import Lesson, Teacher

ROWS_AT_ONCE = 2048
"""Tokens per pass. The packed block always has this many rows, so that compiled layers compile only once."""


def make_cache(answers: Path, path: Path, teacher: Teacher) -> None:
    """Runs a shard of answers through the whole checkpoint."""
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    records = [json.loads(line) for line in answers.read_text().splitlines()]
    records = [one for one in records if len(one["answer"]) > 1]
    start, lessons = time.monotonic(), {}
    for group in packed([len(one["prompt"]) + len(one["answer"]) for one in records], ROWS_AT_ONCE):
        texts = [records[index]["prompt"] + records[index]["answer"] for index in group]
        starts = [len(records[index]["prompt"]) for index in group]
        lessons |= zip(group, teacher.teach(texts, starts, max(ROWS_AT_ONCE, sum(map(len, texts)))))
    ordered = [lessons[index] for index in range(len(records))]
    lengths = torch.tensor([len(one.ids) for one in ordered])
    tensors = {
        "ids": torch.cat([one.ids for one in ordered]).int(),
        "lengths": lengths,
        "answer_starts": torch.tensor([one.answer_start for one in ordered]),
        "keys": torch.cat([one.keys for one in ordered]),
        "values": torch.cat([one.values for one in ordered]),
        "states": torch.cat([one.states for one in ordered]),
    }
    partial = path.with_suffix(".partial")
    save_file(tensors, partial, metadata={"kinds": json.dumps([one["kind"] for one in records])})
    os.replace(partial, path)
    seconds = time.monotonic() - start
    print(f"{path.name}: {int(lengths.sum())} tokens cached, {int(lengths.sum()) / seconds:.0f} tokens/s", flush=True)


def packed(lengths: list[int], rows: int) -> Iterator[list[int]]:
    """Yields groups of text indices whose lengths total at most `rows`; longer texts are alone. Takes the longest text that fits."""
    waiting = sorted(range(len(lengths)), key=lambda index: -lengths[index])
    while waiting:
        group, room = [waiting.pop(0)], rows
        room -= lengths[group[0]]
        for index in list(waiting):
            if lengths[index] <= room:
                waiting.remove(index)
                group.append(index)
                room -= lengths[index]
        yield group


class Cache:
    """A cached shard, read one text at a time."""

    def __init__(self, path: Path):
        self.file = safe_open(path, "pt")
        self.lengths = self.file.get_tensor("lengths").tolist()
        self.answer_starts = self.file.get_tensor("answer_starts").tolist()
        self.kinds = json.loads(self.file.metadata()["kinds"])
        self.begins = [0, *torch.tensor(self.lengths).cumsum(0).tolist()]

    def __len__(self) -> int:
        return len(self.lengths)

    @property
    def tokens(self) -> int:
        return self.begins[-1]

    def lesson(self, index: int) -> Lesson:
        begin, end = self.begins[index], self.begins[index + 1]
        ids, keys, values, states = (self.file.get_slice(name)[begin:end] for name in ("ids", "keys", "values", "states"))
        return Lesson(ids.long(), self.answer_starts[index], keys, values, states)

    def counts(self, vocabulary: int) -> torch.Tensor:
        """Returns the number of occurrences of each token, [vocabulary]."""
        return torch.bincount(self.file.get_tensor("ids").long(), minlength=vocabulary)
