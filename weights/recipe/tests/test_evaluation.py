"""Answers held against those of `volley eval`."""

from recipe.evaluation import agreement


def test_answers_are_compared_item_by_item():
    lines = [{"task": "sum", "mtd": "2", "item": index, "text": text} for index, text in enumerate(("7", "8", "9"))]
    evaluation = {"tasks": [{"task": "sum", "plans": [{"mtd": "off", "answers": ["1"]}, {"mtd": "2", "answers": ["7", "0"]}]}]}
    assert agreement(lines, evaluation).split("\n") == ["1 of 2 answers are the same", "sum 2 1: '8', there '0'"]
