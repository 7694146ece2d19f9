"""Two minutes of `make smollm2-mtd`, from nothing: texts, training, decay, export, and the head in Volley.

Runs with VOLLEY_SLOW_TESTS=1, after `make build smollm2`.
"""

import json
import os
import subprocess
from pathlib import Path

import pytest

from recipe.head.pipeline import HELD_OUT, Plan, Trainer, make_texts
from recipe.head.training import Schedule

ROOT = Path(__file__).parents[3]
VOLLEY = ROOT / ".build/release/volley"
CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
MODEL = Path(os.environ.get("VOLLEY_SMOLLM2", CACHE / "volley/SmolLM2-135M-Instruct.gguf"))
TOKENS, DECAY = 16_384, 8_192


@pytest.mark.skipif(not (VOLLEY.exists() and MODEL.exists()), reason="needs `make build smollm2`")
@pytest.mark.skipif("VOLLEY_SLOW_TESTS" not in os.environ, reason="slow: set VOLLEY_SLOW_TESTS=1")
def test_two_minutes_from_nothing_make_a_head_that_has_begun_to_learn(tmp_path: Path):
    plan = Plan(root=tmp_path, model=MODEL, volley=str(VOLLEY), shard=24, threads=2, passes=100)
    make_texts(plan, lambda: not plan.cache(HELD_OUT).exists())
    trainer = Trainer(plan, Schedule(), lambda: True)
    untrained = trainer.held_out(trainer.run, texts=12, stride=8)
    trainer.train(lambda: True, until=TOKENS)
    trained = trainer.finish(trainer.run.state_path, lambda: True, DECAY, tmp_path / "head")
    divergences = [one["places"]["1"][0] for one in (untrained, trained)]
    assert divergences[1] < divergences[0] - 2, divergences  # in nats
    card = json.loads((tmp_path / "head/head.json").read_text())
    assert card["trained_tokens"] >= TOKENS + DECAY and card["decayed"]

    def tokens(*more: str) -> list[int]:
        words = ["generate", "--model", MODEL, "--greedy", "--max-tokens", "24", "--json", "What is a heron?", *more]
        done = subprocess.run([str(VOLLEY), *map(str, words)], capture_output=True, check=True)
        return json.loads(done.stdout)["tokens"]

    vanilla = tokens("--mtd", "off")
    assert tokens("--head", str(tmp_path / "head"), "--plan", "verified:3") == vanilla
    assert tokens("--head", str(tmp_path / "head"), "--plan", "mtd:2") != []
