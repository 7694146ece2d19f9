"""Endless prompts, each determined by a seed. Held-out prompts share no template, topic or seed with the others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random
from string import Formatter

from recipe.head.puzzles import puzzle
from recipe.head.templates import LANGUAGES, PROGRAMS, TEMPLATES, THINGS
from recipe.head.topics import NAMES, WORDNET, Topics, article, is_held_out

PUZZLES = 0.15
"""Share of prompts from reasoning-gym."""


@dataclass(frozen=True)
class Prompt:
    kind: str
    text: str


class Prompts:
    """Training prompts or held-out ones."""

    def __init__(self, held_out: bool, wordnet: Path = WORDNET, puzzles: float = PUZZLES):
        self.held_out, self.topics, self.puzzles = held_out, Topics.read(held_out, wordnet), puzzles
        self.templates = {kind: side(text.splitlines(), held_out) for kind, text in TEMPLATES.items()}
        programs = [one.strip() for one in PROGRAMS.replace("\n", "").split(";")]
        self.programs = [one for one in programs if is_held_out(one) == held_out]

    def prompt(self, seed: str) -> Prompt:
        random = Random(f"{'held-out' if self.held_out else 'training'}-{seed}")
        if random.random() < self.puzzles:
            return Prompt(*puzzle(random, self.held_out))
        kind = random.choice(tuple(self.templates))
        template = random.choice(self.templates[kind])
        fields = Fields(self.topics, self.programs, random)
        names = [name for _, name, _, _ in Formatter().parse(template) if name]
        return Prompt(kind, template.format(**{name: fields.value(name) for name in names}))


def side(templates: list[str], held_out: bool) -> list[str]:
    """Returns the last quarter if held out, otherwise the rest."""
    cut = len(templates) - max(1, len(templates) // 4)
    return templates[cut:] if held_out else templates[:cut]


class Fields:
    """Fills a template's fields."""

    def __init__(self, topics: Topics, programs: list[str], random: Random):
        self.topics, self.random = topics, random
        self.nouns = random.sample(topics.nouns, 3)
        self.subjects = [self.subject() for _ in range(2)]
        self.people = random.sample(NAMES, 2)
        self.definition = random.choice(topics.definitions)
        numbers = [str(random.randint(1, 999)) for _ in range(random.randint(4, 9))]
        simple: dict[str, Callable[[], object]] = {
            "subject": lambda: self.subjects[0],
            "subject2": lambda: self.subjects[1],
            "noun": lambda: self.nouns[0],
            "noun2": lambda: self.nouns[1],
            "noun3": lambda: self.nouns[2],
            "a_noun": lambda: article(self.nouns[0]),
            "a_noun2": lambda: article(self.nouns[1]),
            "verb": lambda: random.choice(topics.verbs),
            "name": lambda: self.people[0],
            "name2": lambda: self.people[1],
            "names": lambda: ", ".join(random.sample(NAMES, random.randint(4, 8))),
            "defined": lambda: self.definition[0],
            "meaning": lambda: self.definition[1],
            "a_defined_there": lambda: article(self.definition[0]),
            "passage": lambda: topics.passage(random),
            "sentence": lambda: random.choice(topics.sentences),
            "misspelt": lambda: misspelt(random.choice(topics.sentences), random),
            "items": lambda: ", ".join(random.sample(topics.nouns, random.randint(4, 9))),
            "numbers": lambda: ", ".join(numbers),
            "things": lambda: random.choice(THINGS),
            "a": lambda: random.randint(21, 99),
            "b": lambda: random.randint(2, 99),
            "c": lambda: random.randint(2, 20),
            "percent": lambda: random.choice((5, 10, 20, 25, 40, 50, 75)),
            "hundreds": lambda: 20 * random.randint(2, 50),
            "language": lambda: random.choice(LANGUAGES),
            "program": lambda: random.choice(programs),
        }
        self.simple = simple

    def subject(self) -> str:
        return self.random.choice(self.topics.subjects if self.random.random() < 0.5 else self.topics.nouns)

    def value(self, name: str) -> object:
        return self.simple[name]()


def misspelt(sentence: str, random: Random) -> str:
    """Swaps or drops a few letters of a sentence."""
    letters = list(sentence)
    for _ in range(random.randint(2, 4)):
        at = random.randrange(1, len(letters) - 2)
        if random.random() < 0.5:
            letters[at], letters[at + 1] = letters[at + 1], letters[at]
        else:
            del letters[at]
    return "".join(letters)
