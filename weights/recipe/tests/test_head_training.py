"""Training on a tiny model from prompts to a finished head, with interruptions at any moment."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from head_models import Digits, ModelAnswerer, qwen3, saved, texts
from recipe.head import pipeline
from recipe.head.answers import make_shard
from recipe.head.caches import Cache, make_cache, packed
from recipe.head.evaluation import evaluate
from recipe.head.addon import AddOn
from recipe.head.feed import Feed
from recipe.head.pipeline import HELD_OUT, Plan, Trainer, delete_caches
from recipe.head.teacher import Teacher
from recipe.head.training import CURVE, Schedule

SCHEDULE = Schedule(rate=2e-2, warmup=2, batches=((0, 96),), rows_at_once=48)


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    """Returns a run's directory with a model, three shards and held-out answers."""
    root = tmp_path_factory.mktemp("head")
    model = qwen3()
    saved(model, root / "model")
    plan = planned(root)
    teacher = Teacher.load(plan.model, 3, torch.float32)
    for shard in ("00000", "00001", "00002", HELD_OUT):
        make_shard(plan.answers(shard), Digits(), [ModelAnswerer(model)], shard, 12, shard == HELD_OUT)
        make_cache(plan.answers(shard), plan.cache(shard), teacher)
    return root


def planned(root: Path) -> Plan:
    return Plan(root=root, model=root / "model", head_layers=3, common=60, sample=20, passes=20)


@pytest.fixture
def plan(made: Path, tmp_path: Path, monkeypatch) -> Plan:
    """Returns a plan on the same texts in the test's own directory, in float32 on every processor."""
    monkeypatch.setattr(pipeline, "fast_type", lambda device: torch.float32)
    for name in ("answers", "caches", "model"):
        (tmp_path / name).symlink_to(made / name)
    return planned(tmp_path)


def weights(addon: AddOn) -> torch.Tensor:
    return torch.cat([one.detach().flatten() for one in addon.parameters()])


def log(plan: Plan, run: str = "run") -> list[dict]:
    return [json.loads(line) for line in (plan.root / run / "log.jsonl").read_text().splitlines()]


def test_training_brings_the_add_on_nearer_to_vanilla_and_leaves_the_model_alone(plan: Plan):
    trainer = Trainer(plan, SCHEDULE, lambda: True)
    learnt = Cache(plan.cache("00000"))
    before = [trainer.held_out(trainer.run, None, 1), evaluate(trainer.run.addon, trainer.teacher, learnt)]
    original = weights(trainer.teacher.model.model.layers)
    trainer.train(lambda: True, until=96 * 40)
    after = [trainer.held_out(trainer.run, None, 1), evaluate(trainer.run.addon, trainer.teacher, learnt)]
    held_out, on_learnt = (late["places"]["1"][0] / early["places"]["1"][0] for early, late in zip(before, after))
    # Answers of a random model have little in common: so few steps mostly learn these texts.
    assert held_out < 0.9 and on_learnt < 0.5
    torch.testing.assert_close(weights(trainer.teacher.model.model.layers), original, atol=0, rtol=0)
    last = log(plan)[-1]
    assert last["trained"] == 96 * 40 and last["step"] == 40 and set(last["places"]) == {"1", "2", "3", "4", "5"}


def test_a_killed_run_ends_like_one_that_was_not(plan: Plan, monkeypatch):
    whole = Trainer(replace(plan, run="whole"), SCHEDULE, lambda: True)
    whole.train(lambda: True, until=96 * 25)
    parts = Trainer(replace(plan, run="parts"), SCHEDULE, lambda: True)
    parts.train(lambda: True, until=96 * 14)
    monkeypatch.setattr(parts.run, "save", lambda: None)
    parts.train(lambda: True, until=96 * 21)  # logs a step that the kill loses
    parts = Trainer(replace(plan, run="parts"), SCHEDULE, lambda: True)
    assert parts.run.progress.step == 14
    parts.train(lambda: True, until=96 * 25)
    torch.testing.assert_close(weights(parts.run.addon), weights(whole.run.addon), atol=1e-6, rtol=1e-5)
    assert [line["step"] for line in log(plan, "parts")] == [10, 20] == [line["step"] for line in log(plan, "whole")]


def test_a_finished_branch_is_exported_with_its_card_and_the_run_goes_on(plan: Plan):
    trainer = Trainer(plan, SCHEDULE, lambda: True)
    trainer.train(lambda: True, until=96 * 4)
    line = trainer.finish(trainer.run.state_path, lambda: True, 96 * 3, plan.root / "out")
    assert line["trained"] == 96 * 4 and line["decay"] == 96 * 3
    assert json.loads((plan.root / "curve.jsonl").read_text()) == json.loads(json.dumps(line))
    card = json.loads((plan.root / "out/head.json").read_text())
    assert card["dmtd_head_history"] == "refreshed" and card["num_decoding_layers"] == 3 and card["num_thinking_layers"] == 2
    assert card["trained_tokens"] == 96 * 7 and set(card["head_of"]["sha256"]) == {"model.safetensors"}
    tensors = load_file(plan.root / "out/head.safetensors")
    assert tensors["head.model.layers.2.self_attn.q_proj.weight"].dtype == torch.bfloat16
    originals = load_file(plan.model / "model.safetensors")
    layers = ("model.layers.2", "model.layers.3", "model.layers.4", "model.norm")
    expected = {f"head.{name}" for name in originals if name.startswith(layers)}
    assert set(tensors) == expected
    assert Trainer(plan, SCHEDULE, lambda: True).run.progress.trained == 96 * 4


def test_states_are_kept_for_the_learning_curve(plan: Plan, monkeypatch):
    monkeypatch.setattr("recipe.head.training.CURVE", (200, 96 * 50))
    trainer = Trainer(plan, SCHEDULE, lambda: True)
    trainer.train(lambda: True, until=96 * 5)
    kept = torch.load(plan.root / "run/state-200.pt", weights_only=True)
    assert kept["progress"]["trained"] == 288
    assert not list((plan.root / "run").glob("*.partial")) and CURVE[0] == 300_000


def test_adamw_trains_too_and_its_state_is_not_mistaken_for_muons(plan: Plan):
    schedule = replace(SCHEDULE, optimizer="adamw")
    Trainer(plan, schedule, lambda: True).train(lambda: True, until=96)
    with pytest.raises(SystemExit, match="trained with adamw, not muon"):
        Trainer(plan, SCHEDULE, lambda: True)


def test_answers_that_an_interrupted_shard_has_are_not_asked_again(tmp_path: Path):
    class Interrupted(ModelAnswerer):
        def answer(self, request):  # noqa: ANN001, ANN202
            if self.asked == 3:
                raise KeyboardInterrupt
            return super().answer(request)

    model, path = qwen3(), tmp_path / "answers/00000.jsonl"
    with pytest.raises(KeyboardInterrupt):
        make_shard(path, Digits(), [Interrupted(model)], "s", 6, False)
    assert not path.exists()
    with open(path.with_suffix(".partial"), "a") as file:
        file.write('{"index": 4, "kin')  # a line truncated by a kill
    rest = ModelAnswerer(model)
    make_shard(path, Digits(), [rest], "s", 6, False)
    whole = tmp_path / "whole.jsonl"
    make_shard(whole, Digits(), [ModelAnswerer(model)], "s", 6, False)
    assert rest.asked == 3 and path.read_text() == whole.read_text()
    assert [path] == list(path.parent.iterdir())


def test_held_out_answers_are_greedy_and_training_ones_of_several_temperatures(made: Path):
    def temperatures(shard: str) -> set[float]:
        return {json.loads(line)["temperature"] for line in planned(made).answers(shard).read_text().splitlines()}

    assert temperatures(HELD_OUT) == {0.0}
    assert temperatures("00000") | temperatures("00001") | temperatures("00002") == {0.0, 0.8, 0.9, 1.0}


def test_a_cache_gives_back_what_the_teacher_said(made: Path):
    plan, cache = planned(made), Cache(planned(made).cache("00001"))
    records = [json.loads(line) for line in plan.answers("00001").read_text().splitlines()]
    teacher = Teacher.load(plan.model, 3, torch.float32)
    for index, record in enumerate(records):
        lesson = cache.lesson(index)
        assert lesson.ids.tolist() == record["prompt"] + record["answer"] and lesson.answer_start == len(record["prompt"])
        (alone,) = teacher.teach([lesson.ids.tolist()], [lesson.answer_start])
        for found, expected in ((lesson.keys, alone.keys), (lesson.values, alone.values), (lesson.states, alone.states)):
            torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-4)


def test_texts_are_packed_once_each_and_within_the_rows():
    lengths = [7, 3, 9, 30, 1, 4, 4]
    groups = list(packed(lengths, 12))
    assert sorted(index for group in groups for index in group) == list(range(7))
    assert all(sum(lengths[index] for index in group) <= 12 or len(group) == 1 for group in groups)


def test_fresh_shards_come_first_and_none_too_often(made: Path):
    plan = planned(made)
    ready = [plan.ready()[0]]
    feed = Feed(lambda: ready, (2, 3), 1.0, 2, 0)

    def read_one() -> str | None:
        before = dict(feed.read)
        while feed.read == before:
            if feed.batch(1) is None:
                return None
        return next(name for name in feed.read if feed.read[name] != before.get(name))

    assert read_one() == "00000"
    ready.append(plan.ready()[1])
    assert [read_one() for _ in range(3)] == ["00001", "00000", "00001"]
    assert read_one() is None
    ready.append(plan.ready()[2])
    assert read_one() == "00002"


def test_batches_have_the_very_number_of_rows(made: Path):
    feed = Feed(planned(made).ready, (2, 3, 4, 6), 0.5, 5, 0)
    for size in (1, 17, 64):
        lessons, rows = feed.batch(size)
        assert sum(map(len, rows)) == size and len(lessons) == len(rows)


def test_what_was_read_most_is_deleted_first(tmp_path: Path):
    plan = replace(planned(tmp_path), kept=2)
    (tmp_path / "caches").mkdir()
    for shard in ("00000", "00001", "00002", "00003", HELD_OUT):
        plan.cache(shard).touch()
    plan.noted.write_text('{"00000": 1, "00001": 3, "00002": 2}')
    delete_caches(plan)
    assert [path.stem for path in plan.ready()] == ["00000", "00003"] and plan.cache(HELD_OUT).exists()


def test_an_untrained_copy_of_a_model_without_a_trunk_s_work_is_vanilla(tmp_path: Path):
    """If T equals E, the original head is right at every cycle index: all agree, and every draft is accepted."""
    model = qwen3()
    for layer in model.model.layers[:2]:
        for one in (layer.self_attn.o_proj, layer.mlp.down_proj):
            torch.nn.init.zeros_(one.weight)
    teacher = Teacher(model, 3, torch.float32)
    ids, starts = texts(4)
    records = [{"prompt": text[:start], "answer": text[start:], "kind": "digits"} for text, start in zip(ids, starts)]
    answers = tmp_path / "answers.jsonl"
    answers.write_text("".join(json.dumps(one) + "\n" for one in records))
    make_cache(answers, tmp_path / "cache.safetensors", teacher)
    found = evaluate(AddOn(teacher), teacher, Cache(tmp_path / "cache.safetensors"))
    for divergence, agreement, _, _ in found["places"].values():
        assert divergence < 1e-5 and agreement == 1
    assert {factor: tokens for factor, (tokens, _) in found["verified"].items()} == {"2": 2, "3": 3, "4": 4, "6": 6}
    assert all(share == 1 for _, share, _ in found["adaptive"].values())
