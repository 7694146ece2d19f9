"""Feeds texts to training: cached shards, new ones first."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from random import Random

from recipe.head.addon import Rows, drawn_rows
from recipe.head.caches import Cache
from recipe.head.teacher import Lesson

Batch = tuple[list[Lesson], list[Rows]]


class Feed:
    """Draws batches with a fixed number of head-only rows, from shards that come and go.

    The next shard is the one read least often, so new texts come first. None is read more than `passes` times. Each time, the order of
    its texts and their cycles are drawn anew. The read counts are written to `noted`.
    """

    def __init__(
        self, ready: Callable[[], list[Path]], factors: tuple[int, ...], share: float, passes: int, seed: int,
        noted: Path | None = None,
    ):  # fmt: skip
        self.ready, self.factors, self.share, self.passes, self.seed, self.noted = ready, factors, share, passes, seed, noted
        self.read: dict[str, int] = {}
        """Number of complete reads per shard."""
        self.shard: str | None = None
        self.offset = 0
        self.tokens = 0
        """Total tokens of all texts returned."""
        self._cache: Cache | None = None
        self._order: list[int] = []
        self._pending: list[tuple[Lesson, Rows]] = []

    def batch(self, rows: int) -> Batch | None:
        """Returns exactly `rows` rows, truncating the last text, or None while no shard may be read."""
        while (missing := rows - sum(len(one) for _, one in self._pending)) > 0:
            drawn = self._next()
            if drawn is None:
                return None
            lesson, text_rows = drawn
            if len(text_rows):
                self._pending.append((lesson, text_rows.first(missing)))
        lessons, text_rows = zip(*self._pending)
        self._pending = []
        return list(lessons), list(text_rows)

    def _next(self) -> tuple[Lesson, Rows] | None:
        if self._cache is None and not self._open():
            return None
        index = self._order[self.offset]
        lesson = self._cache.lesson(index)
        random = Random(f"cycles-{self.seed}-{self.shard}-{self.read.get(self.shard, 0)}-{index}")
        rows = drawn_rows(lesson.answer_start, len(lesson.ids), self.factors, self.share, random)
        self.offset += 1
        self.tokens += len(lesson.ids)
        if self.offset == len(self._order):
            self.read[self.shard] = self.read.get(self.shard, 0) + 1
            self.shard, self.offset, self._cache = None, 0, None
            self._note()
        return lesson, rows

    def _note(self) -> None:
        if self.noted is not None:
            self.noted.with_suffix(".partial").write_text(json.dumps(self.read))
            os.replace(self.noted.with_suffix(".partial"), self.noted)

    def _open(self) -> bool:
        """Opens the shard of a restored state, or else the next one."""
        paths = {path.stem: path for path in self.ready() if self.read.get(path.stem, 0) < self.passes}
        # The shard of a restored state comes first: it is only partly read.
        order = sorted(paths, key=lambda name: (name != self.shard, self.read.get(name, 0), name))
        for name in order:
            try:
                self._cache = Cache(paths[name])
            except FileNotFoundError:  # deleted meanwhile
                continue
            if name != self.shard:
                self.shard, self.offset = name, 0
            break
        else:
            return False
        self._order = list(range(len(self._cache)))
        Random(f"order-{self.seed}-{self.shard}-{self.read.get(self.shard, 0)}").shuffle(self._order)
        return True

    def state(self) -> dict:
        """Returns the state. Call between batches, when nothing is pending."""
        return {"read": dict(self.read), "shard": self.shard, "offset": self.offset, "tokens": self.tokens}

    def restore(self, state: dict) -> None:
        self.read, self.shard, self.offset, self.tokens = dict(state["read"]), state["shard"], state["offset"], state["tokens"]
        self._cache, self._pending = None, []
