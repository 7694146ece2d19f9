"""Copying and continuing paragraphs of the King James Bible. The first words decide whether a paragraph is held out."""

from __future__ import annotations

import functools
import shutil
import subprocess
from random import Random

from recipe.tasks.split import is_held_out

LONGEST = 160
"""Maximum characters of a paragraph."""
FIRST_WORDS = 4
"""Paragraphs with the same first words are on the same side, because many repeat or start alike."""


@functools.cache
def paragraphs(held_out: bool) -> list[str]:
    """Returns verses of suitable length from the Debian package bible-kjv."""
    if shutil.which("bible") is None:
        raise SystemExit("recipe: the program 'bible' is missing; install the package bible-kjv")
    output = subprocess.run(["bible", "-f", "gen1:1-rev22:21"], check=True, capture_output=True, text=True).stdout
    verses = []
    for line in output.splitlines():
        verse = line.partition(" ")[2]
        words = verse.split(" ")
        if 40 <= len(verse) <= LONGEST and is_held_out("prose", *words[:FIRST_WORDS]) == held_out:
            verses.append(verse)
    return verses


def copy(random: Random, held_out: bool) -> tuple[str, str]:
    paragraph = random.choice(paragraphs(held_out))
    if not held_out:
        # Cut at a random word: shorter texts make copying easier to learn.
        words = paragraph.split(" ")
        paragraph = " ".join(words[: random.randint(FIRST_WORDS, len(words))])
    return f"Copy this paragraph: {paragraph}", paragraph


def continuation(random: Random, held_out: bool) -> tuple[str, str]:
    words = random.choice(paragraphs(held_out)).split(" ")
    cut = random.randint(max(FIRST_WORDS, len(words) // 3), max(FIRST_WORDS, 2 * len(words) // 3))
    return f"Continue this paragraph: {' '.join(words[:cut])}", " ".join(words[cut:])
