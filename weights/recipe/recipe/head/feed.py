"""Which texts the add-on learns from next: cached shards, fresh ones first."""

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
    """Batches of a given number of head-only places, from shards that come and go.

    The next shard is the one that was read least often, so that new texts come before old ones, and none is read more than `passes`
    times. Each time its texts are in another order and other cycles are drawn. How often each was read is written to `noted`.
    """

    def __init__(
        self, ready: Callable[[], list[Path]], factors: tuple[int, ...], share: float, passes: int, seed: int,
        noted: Path | None = None,
    ):  # fmt: skip
        self.ready, self.factors, self.share, self.passes, self.seed, self.noted = ready, factors, share, passes, seed, noted
        self.read: dict[str, int] = {}
        """How often each shard was read to its end."""
        self.shard: str | None = None
        self.offset = 0
        self.tokens = 0
        """Of all texts that were given out."""
        self._cache: Cache | None = None
        self._order: list[int] = []
        self._pending: list[tuple[Lesson, Rows]] = []

    def batch(self, rows: int) -> Batch | None:
        """Exactly `rows` places; nothing while no shard may be read. The last text gives as many as are missing."""
        while (missing := rows - sum(len(one) for _, one in self._pending)) > 0:
            drawn = self._next()
            if drawn is None:
                return None
            lesson, places = drawn
            if len(places):
                self._pending.append((lesson, places.first(missing)))
        lessons, places = zip(*self._pending)
        self._pending = []
        return list(lessons), list(places)

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
        """Opens the shard that a state names, or the next one."""
        paths = {path.stem: path for path in self.ready() if self.read.get(path.stem, 0) < self.passes}
        # The shard that a state names comes first: it was not read to its end.
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
        """Between batches, where nothing is pending."""
        return {"read": dict(self.read), "shard": self.shard, "offset": self.offset, "tokens": self.tokens}

    def restore(self, state: dict) -> None:
        self.read, self.shard, self.offset, self.tokens = dict(state["read"]), state["shard"], state["offset"], state["tokens"]
        self._cache, self._pending = None, []
