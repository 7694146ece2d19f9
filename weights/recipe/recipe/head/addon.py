"""The head for cycles, and the pass that trains it.

At a cycle's first position the original head is fed T: place 0 is vanilla's. The add-on runs places 1 … τ − 1, fed the embedding E.
It attends to the original head's keys and values up to the cycle's first position and to its own inside the cycle
(`dmtd_head_history: refreshed`). What a place computes depends on where its cycle began and not on the factor, so that one pass
over many cycles of a text, overlapping ones too, is decoding cycle by cycle.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from random import Random

import torch

from recipe.head.stack import attend, layer_weights, normalized
from recipe.head.teacher import Lesson, Teacher


@dataclass
class Rows:
    """Head-only places of one text: each predicts what follows its position."""

    positions: torch.Tensor
    """[rows]"""
    starts: torch.Tensor
    """[rows]: the first position of each row's cycle. Rows of one cycle are in order."""

    @property
    def places(self) -> torch.Tensor:
        return self.positions - self.starts

    def __len__(self) -> int:
        return len(self.positions)

    def first(self, count: int) -> Rows:
        """Fewer of them. No row needs a later one."""
        return Rows(self.positions[:count], self.starts[:count])


def rows_of(cycles: list[tuple[int, int]], length: int) -> Rows:
    """The head-only places of cycles, each a first position and a factor, in a text of `length` tokens."""
    pairs = [(start + place, start) for start, factor in cycles for place in range(1, factor) if start + place < length]
    positions, starts = zip(*pairs) if pairs else ((), ())
    return Rows(torch.tensor(positions, dtype=torch.long), torch.tensor(starts, dtype=torch.long))


def drawn_rows(answer_start: int, length: int, factors: tuple[int, ...], share: float, random: Random) -> Rows:
    """Cycles that begin at a random share of the answer's positions.

    A factor is drawn as often as a text of that factor begins cycles, so that places come as often as in texts whose factor is
    drawn evenly.
    """
    weights = [1 / factor for factor in factors]
    starts = [start for start in range(answer_start, length - 1) if random.random() < share]
    return rows_of([(start, random.choices(factors, weights)[0]) for start in starts], length)


class AddOn(torch.nn.Module):
    """Copies of the last layers and the final norm, in float32. Parameters have the checkpoint's names."""

    def __init__(self, teacher: Teacher):
        super().__init__()
        stack = teacher.model.model
        self.model = torch.nn.Module()
        self.model.layers = torch.nn.ModuleDict(
            {str(index): copy.deepcopy(stack.layers[index]) for index in range(teacher.trunk_layers, len(stack.layers))}
        )
        self.model.norm = copy.deepcopy(stack.norm)
        self.requires_grad_(True)
        self.shape, self.rotary, self.embedding = teacher.shape, teacher.rotary, teacher.embedding
        self.computation, self.layers = teacher.computation, teacher.layers

    def forward(self, lessons: list[Lesson], rows: list[Rows]) -> torch.Tensor:
        """What `lm_head` is fed, [rows of all texts, width] in float32: of each text's rows, in order."""
        device = self.embedding.device
        ids = torch.cat([lesson.ids[one.positions] for lesson, one in zip(lessons, rows)]).to(device)
        positions = torch.cat([one.positions for one in rows]).to(device)
        lengths = [len(one) for one in rows]
        masks = [visible(len(lesson.ids), one).to(device) for lesson, one in zip(lessons, rows)]
        kept = [(lesson.keys.to(device, self.computation), lesson.values.to(device, self.computation)) for lesson in lessons]
        x, (cosines, sines) = self.embedding[ids], self.rotary(positions)
        for index, layer in enumerate(self.model.layers.values()):
            weights = layer_weights(layer, self.computation)
            query, key, value = self.layers.before(x, weights, self.shape, cosines, sines)
            mixed = [
                attend(q, torch.cat([keys[:, index], k]), torch.cat([values[:, index], v]), mask)
                for q, k, v, (keys, values), mask in zip(
                    query.split(lengths), key.split(lengths), value.split(lengths), kept, masks
                )
            ]
            x = self.layers.after(x, torch.cat(mixed), weights, self.shape)
        return normalized(x, self.model.norm.weight, self.shape.epsilon)


def visible(length: int, rows: Rows) -> torch.Tensor:
    """What each row attends to, [rows, length + rows]: the text up to its cycle's first position, then its own cycle."""
    positions, starts = rows.positions[:, None], rows.starts[:, None]
    text = torch.arange(length)[None] <= starts
    own = (rows.starts[None] == starts) & (rows.positions[None] <= positions)
    return torch.cat([text, own], 1)
