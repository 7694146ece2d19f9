"""The stages of the embedded models, which otherwise run only to remake them."""

import pytest

from recipe.__main__ import parse_arguments
from recipe.embedded import DEPTH_STAGES, ROUTED_TRAINING


@pytest.mark.parametrize("stage", DEPTH_STAGES)
def test_every_stage_is_a_command(stage: str):
    options = parse_arguments(["route", "--model", "before", "--out", stage, *ROUTED_TRAINING, *DEPTH_STAGES[stage]])
    assert options.steps >= len(options.penalties)
    assert (options.lifted > 0) == (options.routing_layers is not None)
