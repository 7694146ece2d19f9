"""Arithmetic on two or three numbers, and operations on lists of 5 to 10 numbers between 10 and 99."""

from __future__ import annotations

import math
from random import Random

from recipe.tasks.split import list_is_held_out, pair_is_held_out


def operand(random: Random, digits: int) -> int:
    """A number with 1 to `digits` digits, each length equally likely."""
    length = random.randint(1, digits)
    return random.randrange(10 ** (length - 1) if length > 1 else 0, 10**length)


def operands(random: Random, digits: int, held_out: bool) -> tuple[int, int]:
    while True:
        a, b = operand(random, digits), operand(random, digits)
        if pair_is_held_out(a, b) == held_out:
            return a, b


def numbers(random: Random, held_out: bool, shortest: int = 5) -> list[int]:
    """A list of `shortest` (5 where it is held out) to 10 numbers: training may begin with lists that are easier."""
    while True:
        values = [random.randint(10, 99) for _ in range(random.randint(5 if held_out else shortest, 10))]
        # Two numbers are a pair of operands as well.
        if list_is_held_out(values) == held_out and not (len(values) == 2 and pair_is_held_out(*values)):
            return values


def text(values: list[int]) -> str:
    return " ".join(map(str, values))


def addition(random: Random, held_out: bool) -> tuple[str, str]:
    a, b = operands(random, 3, held_out)
    return f"What is {a} + {b}?", str(a + b)


def long_addition(random: Random, held_out: bool) -> tuple[str, str]:
    while True:
        a, b = operands(random, 5, held_out)
        if max(a, b) > 999:
            return f"What is {a} + {b}?", str(a + b)


def multiplication(random: Random, held_out: bool) -> tuple[str, str]:
    a, b = operands(random, 2, held_out)
    return f"What is {a} * {b}?", str(a * b)


def long_multiplication(random: Random, held_out: bool) -> tuple[str, str]:
    while True:
        a, b = operands(random, 3, held_out)
        if max(a, b) > 99:
            return f"What is {a} * {b}?", str(a * b)


def two_steps(random: Random, held_out: bool) -> tuple[str, str]:
    a, b = operands(random, 2, held_out)
    c = random.randint(2, 9)
    return f"Add {a} and {b}, then multiply by {c}.", str((a + b) * c)


def repeat(random: Random, held_out: bool) -> tuple[str, str]:
    values = numbers(random, held_out, shortest=2)
    return f"Repeat this list five times: {text(values)}", "\n".join([text(values)] * 5)


def sort(random: Random, held_out: bool) -> tuple[str, str]:
    values = numbers(random, held_out, shortest=2)
    return f"Sort this list: {text(values)}", text(sorted(values))


def total(random: Random, held_out: bool) -> tuple[str, str]:
    values = numbers(random, held_out, shortest=2)
    return f"What is the sum of this list? {text(values)}", str(sum(values))


def product(random: Random, held_out: bool) -> tuple[str, str]:
    values = numbers(random, held_out)
    return f"What is the product of this list? {text(values)}", str(math.prod(values))
