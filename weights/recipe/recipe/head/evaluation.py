"""How near the add-on is to vanilla on held-out texts, which vanilla wrote greedily."""

from __future__ import annotations

import torch

from recipe.head.addon import AddOn, rows_of
from recipe.head.caches import Cache
from recipe.head.teacher import Teacher

FACTORS = (2, 3, 4, 6)
THRESHOLDS = (0.3, 0.5, 0.7, 0.9)
ROWS_AT_ONCE = 256


class Sums:
    """Means over places, by a name."""

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
    """Cycles of `factor` that begin at every `stride`-th position of the answers, read with the real tokens.

    Returns
    - `places`: by place, divergence in nats, share of rows whose most likely token is vanilla's, loss on the text's next token, rows;
    - `kinds`: the same by kind of prompt, over places 1 to 3;
    - `verified`: by factor, mean tokens of a cycle that is cut before the first token that vanilla would not have written;
    - `adaptive`: by least confidence, mean tokens of a cycle that ends before a less confident token, and the share of its tokens
      that vanilla would have written.
    """
    places, kinds, verified, adaptive = Sums(), Sums(), Sums(), Sums()
    for index in range(len(cache) if texts is None else min(texts, len(cache))):
        lesson = cache.lesson(index)
        first, length = lesson.answer_start, len(lesson.ids)
        # Whole cycles only, so that every place is measured on the same stretch of text.
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
        for place in range(1, factor):
            places.add(place, table[rows.places == place][:, :3])
        kinds.add(cache.kinds[index], table[rows.places <= 3][:, :3])
        by_cycle = table.view(len(starts), factor - 1, 4)
        agrees, confidence = by_cycle[:, :, 1], by_cycle[:, :, 3]
        accepted = agrees.cumprod(1)
        for one in FACTORS:
            verified.add(one, 1 + accepted[:, : one - 1].sum(1, keepdim=True))
        for threshold in THRESHOLDS:
            emitted = (confidence >= threshold).double().cumprod(1)
            adaptive.add(threshold, torch.stack([1 + emitted.sum(1), 1 + (emitted * agrees).sum(1)], 1))
    shares = {name: [tokens, round(good / tokens, 4), count] for name, (tokens, good, count) in adaptive.means().items()}
    return {"places": places.means(), "kinds": kinds.means(), "verified": verified.means(), "adaptive": shares}
