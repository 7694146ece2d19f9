"""Which side an item belongs to: decided by what it asks, so that the sides cannot meet whatever the seeds are."""

from __future__ import annotations

import hashlib

HELD_OUT_SHARE = 20
"""One key in so many is held out."""


def is_held_out(*key: object) -> bool:
    """Returns whether everything asked about `key` is for evaluation only."""
    digest = hashlib.blake2b(repr(key).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little") % HELD_OUT_SHARE == 0


def pair_is_held_out(a: int, b: int) -> bool:
    """Returns it for two operands in either order, whatever is done with them."""
    return is_held_out("pair", min(a, b), max(a, b))


def list_is_held_out(numbers: list[int]) -> bool:
    """Returns it for numbers in any order, whatever is done with them."""
    return is_held_out("list", *sorted(numbers))
