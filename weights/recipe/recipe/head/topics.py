"""Topics of prompts: words, definitions and example sentences from WordNet, and everyday subjects."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from random import Random

WORDNET = Path("/usr/share/wordnet")
"""Install path of Debian's wordnet-base."""
HELD_OUT_SHARE = 16
"""One in this many topics occurs only in held-out prompts."""
UNKIND = re.compile(r"offensive|vulgar|obscen|slur|disparag|derogat|sexual|genital", re.IGNORECASE)

SUBJECTS = """the water cycle;gravity;electric cars;solar panels;wind energy;black holes;the moon landing;vaccines;antibiotics;DNA;
evolution;volcanoes;earthquakes;climate change;recycling;coral reefs;rainforests;deserts;penguins;elephants;honeybees;whales;dogs;
cats;horses;owls;dinosaurs;the Roman Empire;ancient Egypt;the French Revolution;the Second World War;the Renaissance;
the Industrial Revolution;the Silk Road;the printing press;the internet;laptops;smartphones;social media;artificial intelligence;
machine learning;robots;encryption;databases;programming languages;Python;JavaScript;spreadsheets;version control;
operating systems;web design;cloud storage;open source software;algorithms;recursion;statistics;probability;algebra;geometry;
fractions;percentages;prime numbers;the Pythagorean theorem;budgeting;saving money;investing;inflation;taxes;insurance;mortgages;
the stock market;starting a business;marketing;customer service;leadership;teamwork;negotiation;time management;public speaking;
job interviews;writing a resume;working from home;work-life balance;stress;sleep;meditation;yoga;running;swimming;cycling;
weight training;healthy eating;vegetarian cooking;baking bread;coffee;tea;chocolate;pasta;soup;salads;gardening;houseplants;
composting;woodworking;knitting;painting;photography;drawing;the guitar;the piano;singing;jazz;classical music;film making;theater;
poetry;novels;science fiction;detective stories;mythology;fairy tales;Shakespeare;journalism;grammar;learning a language;translation;
libraries;museums;architecture;bridges;trains;airplanes;sailing ships;space travel;Mars;the solar system;stars;telescopes;microscopes;
chemical reactions;the periodic table;electricity;magnets;light;sound;heat;atoms;cells;the heart;the brain;the lungs;muscles;bones;
the immune system;allergies;first aid;hygiene;child care;education;homework;exams;parenting;friendship;honesty;courage;kindness;
patience;gratitude;happiness;ethics;philosophy;democracy;elections;laws;human rights;immigration;trade;globalization;poverty;
drinking water;agriculture;fishing;forests;mountains;rivers;oceans;islands;weather;storms;snow;spring;autumn;holidays;birthdays;
weddings;travel planning;camping;hiking;beaches;hotels;Paris;London;New York;Tokyo;India;Brazil;Canada;Australia;Italy;Greece;Mexico;
soccer;basketball;tennis;chess;video games;board games;puzzles;magic tricks;toys;fashion;furniture;cleaning;moving house;
renting an apartment;buying a car;bicycles;public transport;traffic;air pollution;saving energy;batteries;nuclear power;gold;banks;
online shopping;privacy;passwords;computer viruses;email;presentations;taking notes;reading;memory;creativity;curiosity;motivation;
goals;habits;failure;success;change;compilers;error messages;unit tests;HTML;regular expressions;hash tables;binary search"""

NAMES = """Alice Ben Clara David Emma Frank Grace Henry Isabel Jack Karen Leo Maria Nick Olivia Peter Quinn Rosa Sam Tina Victor Wendy
Yara Zoe Ahmed Chen Fatima Ivan Priya Sofia Kofi Mei Diego Amina Lars Noor""".split()


def is_held_out(topic: str) -> bool:
    return int(hashlib.sha256(topic.encode()).hexdigest(), 16) % HELD_OUT_SHARE == 0


@dataclass
class Topics:
    """Either the held-out topics or the others."""

    subjects: list[str]
    nouns: list[str]
    """Frequent nouns."""
    verbs: list[str]
    definitions: list[tuple[str, str]]
    """Nouns with their meanings."""
    sentences: list[str]
    """Example sentences."""

    @staticmethod
    def read(held_out: bool, directory: Path = WORDNET) -> Topics:
        if not (directory / "data.noun").exists():
            raise SystemExit(f"recipe: {directory} has no WordNet; install Debian's wordnet-base, or run `make recipe`")

        def side(topics: list) -> list:
            return [one for one in topics if is_held_out(one if isinstance(one, str) else one[0]) == held_out]

        definitions, sentences = glosses(directory)
        subjects = [one.strip() for one in SUBJECTS.replace("\n", "").split(";")]
        nouns, verbs = (frequent(directory, *one) for one in (("noun", 1), ("verb", 2)))
        return Topics(*map(side, (subjects, nouns, verbs, definitions, sentences)))

    def passage(self, random: Random) -> str:
        """Returns a few sentences that define related things, or a few example sentences."""
        if random.random() < 0.3:
            return " ".join(random.sample(self.sentences, random.randint(2, 4)))
        # Neighbours in WordNet's order belong to one field.
        first = random.randrange(len(self.definitions) - 4)
        parts = self.definitions[first : first + random.randint(2, 4)]
        return " ".join(f"{capitalized(article(noun))} is {meaning}." for noun, meaning in parts)


def frequent(directory: Path, kind: str, senses: int) -> list[str]:
    """Returns words of a kind with at least `senses` senses tagged in WordNet's texts."""
    words = []
    for line in (directory / f"index.{kind}").read_text().splitlines():
        if line.startswith(" "):
            continue
        fields = line.split()
        pointers = int(fields[3])
        if int(fields[4 + pointers + 1]) >= senses and re.fullmatch(r"[a-z_]{3,}", fields[0]):
            words.append(fields[0].replace("_", " "))
    return words


def glosses(directory: Path) -> tuple[list[tuple[str, str]], list[str]]:
    definitions, sentences = [], []
    for line in (directory / "data.noun").read_text().splitlines():
        if line.startswith(" ") or UNKIND.search(line):
            continue
        data, _, gloss = line.partition("|")
        noun, meaning = data.split()[4].replace("_", " "), gloss.split('"')[0].split(";")[0].strip()
        if 30 < len(meaning) < 120 and re.fullmatch(r"[a-z -]+", noun) and "(" not in meaning:
            definitions.append((noun, meaning))
        for example in re.findall(r'"([^"]{30,120})"', gloss):
            if re.fullmatch(r"[A-Za-z ,'-]+", example):
                sentences.append(capitalized(example) + ".")
    return definitions, sentences


def capitalized(text: str) -> str:
    return text[0].upper() + text[1:]


def article(noun: str) -> str:
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"
