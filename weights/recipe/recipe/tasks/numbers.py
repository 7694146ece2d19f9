"""Arithmetic on two or three numbers, and operations on lists of 5 to 10 numbers between 10 and 99."""

from __future__ import annotations

import math
from collections.abc import Callable
from random import Random

from recipe.tasks.split import list_is_held_out, pair_is_held_out


def operand(random: Random, digits: int) -> int:
    """Returns a number with 1 to `digits` digits, each length equally likely."""
    length = random.randint(1, digits)
    return random.randrange(10 ** (length - 1) if length > 1 else 0, 10**length)


def operands(random: Random, digits: int, held_out: bool) -> tuple[int, int]:
    while True:
        a, b = operand(random, digits), operand(random, digits)
        if pair_is_held_out(a, b) == held_out:
            return a, b


def split_list(draw: Callable[[], list[int]], held_out: bool) -> list[int]:
    while True:
        values = draw()
        # A list of two numbers is also a pair of operands.
        if list_is_held_out(values) == held_out and not (len(values) == 2 and pair_is_held_out(*values)):
            return values


def numbers(random: Random, held_out: bool, shortest: int = 5) -> list[int]:
    """Returns a list of `shortest` to 10 numbers, or 5 to 10 if held out: training may use easier, shorter lists."""
    shortest = 5 if held_out else shortest
    return split_list(lambda: [random.randint(10, 99) for _ in range(random.randint(shortest, 10))], held_out)


def easy_numbers(random: Random) -> list[int]:
    """Returns a training list of 2 to 10 numbers, usually short and with bounded digits, so that its sum has few carries."""
    lengths = range(2, 11)

    def draw() -> list[int]:
        tens, ones = random.randint(1, 9), random.randint(0, 9)
        (length,) = random.choices(lengths, [1 / length for length in lengths])
        return [10 * random.randint(1, tens) + random.randint(0, ones) for _ in range(length)]

    return split_list(draw, held_out=False)


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
    is_easy = not held_out and random.random() < 0.5
    values = easy_numbers(random) if is_easy else numbers(random, held_out, shortest=2)
    return f"What is the sum of this list? {text(values)}", str(sum(values))


def product(random: Random, held_out: bool) -> tuple[str, str]:
    values = numbers(random, held_out)
    return f"What is the product of this list? {text(values)}", str(math.prod(values))
