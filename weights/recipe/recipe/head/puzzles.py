"""Short questions with checkable answers, from reasoning-gym's generators."""

from __future__ import annotations

from random import Random

from recipe.head.topics import is_held_out

LONGEST = 500
"""In characters. Longer ones are mostly grids, which small models cannot handle."""
LEFT_OUT = set(
    """ab acre arc_1d arc_agi boxnet circuit_logic codeio composite emoji_mystery figlet_font futoshiki
    game_of_life_halting group_anagrams intermediate_integration jugs kakurasu knight_swap
    mahjong_puzzle modulo_grid n_queens needle_haystack path_star polynomial_equations pool_matrix puzzle24
    rearc rectangle_count rotten_oranges rubiks_cube shortest_path spiral_matrix string_insertion
    string_manipulation string_splitting string_synthesis zebra_puzzles""".split()
)
"""Generators whose questions are long or slow to make."""


def puzzle(random: Random, held_out: bool) -> tuple[str, str]:
    """Returns a question's kind (the generator's name) and text. Some generators are entirely held out."""
    import reasoning_gym  # imported late: it takes a second to load
    from reasoning_gym.factory import DATASETS

    kinds = [one for one in sorted(DATASETS) if one not in LEFT_OUT and is_held_out(one) == held_out]
    while True:
        kind = random.choice(kinds)
        text = reasoning_gym.create_dataset(kind, size=1, seed=random.getrandbits(31))[0]["question"].strip()
        if len(text) <= LONGEST:
            return kind, text
