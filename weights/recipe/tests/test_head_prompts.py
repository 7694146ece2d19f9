"""Prompts are deterministic and varied, and held-out ones are disjoint from the others."""

from pathlib import Path

import pytest

from recipe.head.prompts import Prompts, side
from recipe.head.sources import prompt_source
from recipe.head.templates import TEMPLATES
from recipe.head.topics import Topics, frequent, glosses

NOUNS = "anchor bridge candle dragon engine feather garden hammer island jacket kettle ladder magnet needle orange pencil".split()


@pytest.fixture(scope="module")
def wordnet(tmp_path_factory) -> Path:
    """Files in WordNet's format."""
    folder = tmp_path_factory.mktemp("wordnet")
    nouns = [first + second for first in NOUNS for second in ("", *NOUNS)]
    licence = "  1 This software and database is being provided to you\n"
    lines = "".join(f"{noun} n 1 1 @ 1 1 0000{index:04}\n" for index, noun in enumerate(nouns))
    (folder / "index.noun").write_text(licence + lines + "seldom n 1 1 @ 1 0 00001740\n")
    (folder / "index.verb").write_text(licence + "".join(f"{noun} v 2 1 @ 2 2 0000174{n} 00001741\n" for n, noun in enumerate(nouns)))
    gloss = 'a thing of wood or metal that people keep at home {}; "people who live alone had one of {} at their houses"'
    data = [
        f"0000{index:04} 03 n 01 {noun} 0 001 @ 00001740 n 0000 | {gloss.format('x' * (index % 7), noun)}\n"
        for index, noun in enumerate(nouns)
    ]
    unkind = "00009999 03 n 01 wretch 0 000 | an offensive word for people who live like that\n"
    (folder / "data.noun").write_text(licence + "".join(data) + unkind)
    return folder


def test_a_prompt_is_a_function_of_its_seed(wordnet: Path):
    first, second = Prompts(False, wordnet, puzzles=0), Prompts(False, wordnet, puzzles=0)
    assert [first.prompt(str(seed)) for seed in range(200)] == [second.prompt(str(seed)) for seed in range(200)]
    texts = {first.prompt(str(seed)).text for seed in range(2000)}
    assert len(texts) > 1800 and not any("{" in text for text in texts)


def test_held_out_prompts_share_no_template_and_no_topic(wordnet: Path):
    for text in TEMPLATES.values():
        lines = text.splitlines()
        assert sorted(side(lines, False) + side(lines, True)) == sorted(lines) and side(lines, True)
    training, held_out = (Topics.read(held_out, wordnet) for held_out in (False, True))
    for name in ("subjects", "nouns", "verbs", "definitions", "sentences"):
        here, there = (set(getattr(one, name)) for one in (training, held_out))
        assert here and there and not here & there


def test_wordnet_is_read_as_it_is_written(wordnet: Path):
    assert "anchor" in frequent(wordnet, "noun", 1) and "seldom" not in frequent(wordnet, "noun", 1)
    definitions, sentences = glosses(wordnet)
    assert ("anchor", "a thing of wood or metal that people keep at home") in definitions
    assert "People who live alone had one of anchor at their houses." in sentences
    assert not any(noun == "wretch" for noun, _ in definitions)


def test_a_missing_wordnet_is_named(tmp_path: Path):
    with pytest.raises(SystemExit, match="wordnet-base"):
        Topics.read(False, tmp_path)


def test_puzzles_are_of_generators_that_the_other_side_never_asks(wordnet: Path):
    pytest.importorskip("reasoning_gym")
    kinds = [{Prompts(side, wordnet, puzzles=1).prompt(str(seed)).kind for seed in range(60)} for side in (False, True)]
    assert len(kinds[0]) > 10 and kinds[1] and not kinds[0] & kinds[1]


def test_a_file_s_prompts_are_used_and_every_tenth_is_held_out(tmp_path: Path):
    path = tmp_path / "prompts.jsonl"
    path.write_text("".join(f'{{"prompt": "question {number}"}}\n' for number in range(1, 41)))
    found = {side: {prompt_source(str(path), side).prompt(str(seed)).text for seed in range(500)} for side in (False, True)}
    assert found[True] == {f"question {number}" for number in (10, 20, 30, 40)}
    assert len(found[False]) == 36 and not found[False] & found[True]
    path.write_text('{"prompt": "one"}\n{"text": "two"}\n')
    with pytest.raises(SystemExit, match="line 2"):
        prompt_source(str(path), False)
    path.write_text('{"prompt": "one"}\n')
    with pytest.raises(SystemExit, match="at least 10"):
        prompt_source(str(path), True)
    with pytest.raises(SystemExit, match="cannot be read"):
        prompt_source(str(tmp_path / "absent.jsonl"), False)


def test_questions_of_the_task_suite_are_held_out_as_in_its_own_training():
    training, held_out = ({prompt_source("tasks", side).prompt(str(seed)).text for seed in range(300)} for side in (False, True))
    assert len(training) > 250 and len(held_out) > 200 and not training & held_out
