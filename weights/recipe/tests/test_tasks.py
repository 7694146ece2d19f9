"""Training and held-out items are disjoint, and answers are right."""

import json
from pathlib import Path
from random import Random

from recipe.tasks import SUITE, held_out_items, training_item
from recipe.tasks.split import pair_is_held_out


def test_the_sides_are_disjoint():
    random = Random(1)
    trained = {training_item(random).prompt for _ in range(20_000)}
    for name in SUITE:
        items = held_out_items(name)
        assert 150 <= len(items) <= 200, name
        assert trained.isdisjoint(item.prompt for item in items), name


def test_no_operand_pair_of_a_test_item_is_trained_in_any_order_or_task():
    random = Random(2)
    for name in ("addition", "long-addition", "multiplication", "long-multiplication", "two-steps"):
        for _ in range(500):
            prompt = SUITE[name].draw(random, False)[0]
            a, b = [int(word.strip("?,.")) for word in prompt.split() if word.strip("?,.").isdigit()][:2]
            assert not pair_is_held_out(a, b) and not pair_is_held_out(b, a)
    for name in ("repeat", "sort", "sum"):
        lists = [SUITE[name].draw(random, False)[0].split("? " if name == "sum" else ": ")[1].split() for _ in range(2000)]
        pairs = [tuple(map(int, values)) for values in lists if len(values) == 2]
        assert pairs and not any(pair_is_held_out(*pair) for pair in pairs)


def test_answers_are_right():
    random = Random(3)
    for _ in range(200):
        prompt, answer = SUITE["sum"].draw(random, False)
        values = [int(word) for word in prompt.split("? ")[1].split()]
        assert 2 <= len(values) <= 10 and sum(values) == int(answer)
        prompt, answer = SUITE["repeat"].draw(random, True)
        assert answer.split("\n") == [prompt.split(": ")[1]] * 5
        prompt, answer = SUITE["continue"].draw(random, True)
        assert answer and not answer.startswith(" ")


def test_weights_say_how_often_tasks_are_drawn():
    random = Random(4)
    only = {name: 0.0 for name in SUITE if name not in ("sum", "sort")} | {"sum": 3.0, "sort": 1.0}
    drawn = [training_item(random, only).task for _ in range(2000)]
    assert set(drawn) == {"sum", "sort"} and 0.7 < drawn.count("sum") / 2000 < 0.8


def test_sums_begin_with_lists_that_are_short_or_carry_little():
    random = Random(5)
    lists = [SUITE["sum"].draw(random, False)[0].split("? ")[1].split() for _ in range(2000)]
    assert sum(len(values) <= 4 for values in lists) > 700
    assert sum(all(int(value) % 10 < 5 for value in values) for values in lists if len(values) >= 5) > 200
    held_out = [item.prompt.split("? ")[1].split() for item in held_out_items("sum")]
    assert all(5 <= len(values) <= 10 for values in held_out)


def test_the_same_seed_gives_the_same_items():
    assert held_out_items("sum", 20) == held_out_items("sum", 20)


def test_the_items_in_the_repository_are_the_held_out_ones():
    for name in SUITE:
        lines = (Path(__file__).parents[2] / f"eval/{name}.jsonl").read_text().splitlines()
        found = [(record["prompt"], record["answer"]) for record in map(json.loads, lines)]
        assert found == [(item.prompt, item.answer) for item in held_out_items(name)], name
