"""Compares the add-on with vanilla on held-out texts, which are vanilla's greedy answers."""

from __future__ import annotations

import torch

from recipe.head.addon import AddOn, rows_of
from recipe.head.caches import Cache
from recipe.head.teacher import Teacher

FACTORS = (2, 3, 4, 6)
THRESHOLDS = (0.3, 0.5, 0.7, 0.9)
ROWS_AT_ONCE = 256


class Sums:
    """Running means by name."""

    def __init__(self) -> None:
        self.sums: dict[object, torch.Tensor] = {}

    def add(self, name: object, columns: torch.Tensor) -> None:
        """Adds rows of figures, [rows, figures]."""
        if len(columns):
            with_count = torch.cat([columns.double(), torch.ones(len(columns), 1, dtype=torch.double)], 1).sum(0)
            self.sums[name] = self.sums.get(name, 0) + with_count

    def means(self) -> dict[str, list[float]]:
        return {
            str(name): [*(round(float(one / sums[-1]), 4) for one in sums[:-1]), int(sums[-1])]
            for name, sums in sorted(self.sums.items(), key=lambda pair: str(pair[0]))
        }


@torch.no_grad()
def evaluate(addon: AddOn, teacher: Teacher, cache: Cache, texts: int | None = None, stride: int = 1, factor: int = 6) -> dict:
    """Evaluates cycles of `factor` that start at every `stride`-th answer position, fed with the real tokens.

    Returns
    - `places`: by cycle index: divergence in nats, share of rows with vanilla's most likely token, loss on the text's next token, rows;
    - `kinds`: the same by kind of prompt, over cycle indices 1 to 3;
    - `verified`: by factor: mean length of a cycle cut before the first token that differs from vanilla's;
    - `adaptive`: by confidence threshold: mean length of a cycle that ends before a less confident token, and the share of its tokens
      that equal vanilla's.
    """
    by_index, kinds, verified, adaptive = Sums(), Sums(), Sums(), Sums()
    for index in range(len(cache) if texts is None else min(texts, len(cache))):
        lesson = cache.lesson(index)
        first, length = lesson.answer_start, len(lesson.ids)
        # Use whole cycles only, so that every cycle index is measured on the same text.
        starts = list(range(first, length - factor, stride))
        if not starts:
            continue
        rows = rows_of([(start, factor) for start in starts], length)
        states = addon([lesson], [rows])
        expected = teacher.logits(lesson.states[first:].to(states.device)).log_softmax(-1)
        columns = []
        for begin in range(0, len(rows), ROWS_AT_ONCE):
            part = slice(begin, begin + ROWS_AT_ONCE)
            found = teacher.logits(states[part]).log_softmax(-1)
            wanted = expected[rows.positions[part] - first]
            divergence = (wanted.exp() * (wanted - found)).sum(-1)
            best = found.max(-1)
            following = lesson.ids[(rows.positions[part] + 1).clamp(max=length - 1)].to(found.device)
            loss = -found.gather(1, following[:, None])[:, 0]
            columns.append(torch.stack([divergence, best.indices == wanted.argmax(-1), loss, best.values.exp()], 1).cpu())
        table = torch.cat(columns)
        for cycle_index in range(1, factor):
            by_index.add(cycle_index, table[rows.cycle_indices == cycle_index][:, :3])
        kinds.add(cache.kinds[index], table[rows.cycle_indices <= 3][:, :3])
        by_cycle = table.view(len(starts), factor - 1, 4)
        agrees, confidence = by_cycle[:, :, 1], by_cycle[:, :, 3]
        accepted = agrees.cumprod(1)
        for one in FACTORS:
            verified.add(one, 1 + accepted[:, : one - 1].sum(1, keepdim=True))
        for threshold in THRESHOLDS:
            emitted = (confidence >= threshold).double().cumprod(1)
            adaptive.add(threshold, torch.stack([1 + emitted.sum(1), 1 + (emitted * agrees).sum(1)], 1))
    shares = {name: [tokens, round(good / tokens, 4), count] for name, (tokens, good, count) in adaptive.means().items()}
    return {"places": by_index.means(), "kinds": kinds.means(), "verified": verified.means(), "adaptive": shares}
