"""Comparing answers with those of `volley eval`."""

import pytest

from recipe import checkpoints
from recipe.cycles import VANILLA
from recipe.evaluation import agreement, plan_name
from recipe.routing import Routing, route


def lines(plan: str, *texts: str) -> list[dict[str, object]]:
    return [{"task": "sum", "plan": plan, "item": index, "text": text} for index, text in enumerate(texts)]


def evaluation(*plans: dict[str, object]) -> dict:
    return {"tasks": [{"task": "sum", "plans": list(plans)}]}


def test_answers_are_compared_item_by_item():
    theirs = evaluation({"mtd": "off", "answers": ["1"]}, {"mtd": "2", "answers": ["7", "0"]})
    assert agreement(lines("2", "7", "8", "9"), theirs).split("\n") == ["1 of 2 answers are the same", "sum 2 1: '8', there '0'"]


def test_plans_whose_factor_is_off_are_told_from_vanilla():
    theirs = evaluation(
        {"mtd": "off", "answers": ["7"]},
        {"mtd": "off", "plan": "flexidepth", "answers": ["8"]},
        {"mtd": "off", "plan": "exit:21", "answers": ["9"]},
    )
    assert agreement(lines("off", "7"), theirs) == "1 of 1 answers are the same"
    assert agreement(lines("flexidepth", "8"), theirs) == "1 of 1 answers are the same"


def test_nothing_in_common_is_refused():
    with pytest.raises(SystemExit, match="nothing to compare; .* under off,2"):
        agreement(lines("off", "7") + lines("2", "7"), evaluation({"mtd": "off", "plan": "exit:21", "answers": ["7"]}))


def test_vanilla_on_a_routed_model_is_its_routing():
    model = checkpoints.small_model(64, {"layers": 2, "width": 32, "inner": 48, "heads": 2, "kv_heads": 1}, 0)
    assert [plan_name(model, factor) for factor in (VANILLA, 2)] == ["off", "2"]
    route(model, Routing((1,), 4, 4))
    assert [plan_name(model, factor) for factor in (VANILLA, 2)] == ["flexidepth", "2"]
