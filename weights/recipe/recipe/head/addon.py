"""The add-on head for cycles, and its training pass.

At a cycle's first position, the original head runs on T, so cycle index 0 equals vanilla. The add-on runs cycle indices 1 … τ − 1 on
the embedding E. It attends to the original head's keys and values up to the cycle's first position, and to its own within the cycle
(`dmtd_head_history: refreshed`). A row depends on where its cycle starts but not on the factor. So one pass over many cycles of a
text, even overlapping ones, equals decoding cycle by cycle.
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
    """Head-only rows of one text. Each predicts the token after its position."""

    positions: torch.Tensor
    """[rows]"""
    starts: torch.Tensor
    """[rows]: the first position of each row's cycle. The rows of a cycle are in order."""

    @property
    def cycle_indices(self) -> torch.Tensor:
        return self.positions - self.starts

    def __len__(self) -> int:
        return len(self.positions)

    def first(self, count: int) -> Rows:
        """Returns the first `count` rows. No row depends on a later one."""
        return Rows(self.positions[:count], self.starts[:count])


def rows_of(cycles: list[tuple[int, int]], length: int) -> Rows:
    """Returns the head-only rows of cycles, given as (first position, factor), in a text of `length` tokens."""
    pairs = [(start + cycle_index, start) for start, factor in cycles for cycle_index in range(1, factor) if start + cycle_index < length]
    positions, starts = zip(*pairs) if pairs else ((), ())
    return Rows(torch.tensor(positions, dtype=torch.long), torch.tensor(starts, dtype=torch.long))


def drawn_rows(answer_start: int, length: int, factors: tuple[int, ...], share: float, random: Random) -> Rows:
    """Draws cycles that start at a random share of the answer's positions.

    A factor's probability is proportional to the number of cycles in a text with that factor. Cycle indices are then as frequent as
    in texts whose factor is drawn uniformly.
    """
    weights = [1 / factor for factor in factors]
    starts = [start for start in range(answer_start, length - 1) if random.random() < share]
    return rows_of([(start, random.choices(factors, weights)[0]) for start in starts], length)


class AddOn(torch.nn.Module):
    """Copies of the last layers and the final norm, in float32. Parameter names are the checkpoint's."""

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
        """Returns the input of `lm_head`, [rows of all texts, width] in float32, text by text."""
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
    """Returns each row's attention mask, [rows, length + rows]: the text up to the cycle's first position, then the row's own cycle."""
    positions, starts = rows.positions[:, None], rows.starts[:, None]
    text = torch.arange(length)[None] <= starts
    own = (rows.starts[None] == starts) & (rows.positions[None] <= positions)
    return torch.cat([text, own], 1)
