"""Decides whether an item is held out, by its content, so that the sides are disjoint for any seed."""

from __future__ import annotations

import hashlib

HELD_OUT_SHARE = 20
"""One in this many keys is held out."""


def is_held_out(*key: object) -> bool:
    """Returns whether questions about `key` are only for evaluation."""
    digest = hashlib.blake2b(repr(key).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little") % HELD_OUT_SHARE == 0


def pair_is_held_out(a: int, b: int) -> bool:
    """The same for two operands in any order, for all operations."""
    return is_held_out("pair", min(a, b), max(a, b))


def list_is_held_out(numbers: list[int]) -> bool:
    """The same for a list of numbers in any order, for all operations."""
    return is_held_out("list", *sorted(numbers))
