"""The GPU program on a CPU with tiny settings: batched generation and padded passes equal the reference ones."""

import sys
from argparse import Namespace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load

from head_models import llama, qwen3, texts

sys.path.insert(0, str(Path(__file__).parents[1] / "gpu"))
import base  # noqa: E402
import train  # noqa: E402
from generate import Generator  # noqa: E402
from padded import add_on_states, drawn_rows, taught  # noqa: E402
from parcel import PART, join, split  # noqa: E402

from recipe.head.addon import AddOn, Rows  # noqa: E402
from recipe.head.stack import layer_weights  # noqa: E402
from recipe.head.teacher import Teacher  # noqa: E402

MODELS = pytest.mark.parametrize("model", (qwen3(), llama()), ids=("qwen3", "llama"))


@MODELS
def test_batched_greedy_answers_are_transformers_own(model):
    prompts, _ = texts(7)
    generator = Generator(Teacher(model, 3, torch.float32), 3, max(map(len, prompts)), 20, end=5, seed=0)
    found = dict(generator.answers(prompts, [0.0] * 7, 1e6))
    assert sorted(found) == list(range(7))
    for index, prompt in enumerate(prompts):
        ids = torch.tensor([prompt])
        whole = model.generate(
            ids, attention_mask=torch.ones_like(ids), max_new_tokens=20, do_sample=False, eos_token_id=5, pad_token_id=0
        )
        assert found[index] == whole[0].tolist()


def test_a_temperature_samples_what_the_model_says():
    model = qwen3()
    model.lm_head.weight.data *= 2  # more confident than a random model
    generator = Generator(Teacher(model, 3, torch.float32), 64, 4, 1, end=5, seed=1)
    prompt = [7, 8, 9, 10]
    drawn = [text[-1] for _, text in generator.answers([prompt] * 3000, [0.9] * 3000, 1e6)]
    with torch.no_grad():
        expected = (model(torch.tensor([prompt])).logits[0, -1] / 0.9).softmax(-1)
    counts = torch.bincount(torch.tensor(drawn), minlength=97) / 3000
    assert expected.max() > 0.1
    torch.testing.assert_close(counts, expected, atol=0.04, rtol=0)


@MODELS
def test_padded_passes_are_the_packed_ones(model):
    ids, starts = texts(3)
    ids, starts = [*ids, ids[0][:14]], [*starts, 3]
    teacher = Teacher(model, 3, torch.float32)
    addon = AddOn(teacher)
    with torch.no_grad():
        for one in addon.parameters():
            one.add_(torch.randn_like(one) * 0.05)
    batch = train.on_device(list(zip(ids, starts)), torch.device("cpu"))
    rows = drawn_rows(batch, (2, 3, 4, 6), 30)
    assert rows.real.sum() > 60
    kept, states = taught(teacher, [layer_weights(layer, torch.float32) for layer in model.model.layers], batch)
    lessons = teacher.teach(ids, starts)
    own = [Rows(rows.positions[one][rows.real[one]], rows.starts[one][rows.real[one]]) for one in range(len(ids))]
    for index, (lesson, one) in enumerate(zip(lessons, own)):
        torch.testing.assert_close(states[index, : len(lesson.ids)], lesson.states, atol=1e-5, rtol=1e-4)
        assert one.starts.min() >= starts[index] and one.positions.max() < len(lesson.ids)
        assert one.cycle_indices.min() >= 1 and one.cycle_indices.max() <= 5
    torch.testing.assert_close(add_on_states(addon, batch, rows, kept), addon(lessons, own), atol=2e-5, rtol=1e-4)


def test_everything_runs_and_the_head_comes_back_in_parts(tmp_path: Path, monkeypatch):
    model, (ids, starts) = qwen3(), texts(12)
    model.config.eos_token_id = 5
    (tmp_path / "card.json").write_text('{"name": "tiny", "sha256": "0"}')
    monkeypatch.setattr(base, "load", lambda parcel, work: model.requires_grad_(False))
    monkeypatch.setattr(base, "prompts", lambda parcel, name: [("digits", text[:start]) for text, start in zip(ids, starts)])
    train.run(Namespace(
        parcel=tmp_path, out=tmp_path / "out", seconds=4, generating=0.3, slots=8, answer=24, texts=4, rows=32, head_layers=3,
        factors=[2, 3, 4, 6], learning_rate=1e-3, common=60, sample=20, held_out=4, no_compile=True,
    ))  # fmt: skip
    tensors = load(join(tmp_path / "out", "head.safetensors"))
    assert tensors["head.model.layers.4.mlp.up_proj.weight"].dtype == torch.bfloat16
    lines = (tmp_path / "out/log.jsonl").read_text()
    assert '"final"' in lines and '"kl"' in lines and (tmp_path / "out/head.json").exists()


def test_parts_are_small_and_a_missing_one_is_named(tmp_path: Path):
    data = bytes(range(256)) * (2 * PART // 256 + 100)
    paths = split(data, tmp_path, "model")
    assert len(paths) == 3 and all(path.stat().st_size <= PART for path in paths) and join(tmp_path, "model") == data
    paths[1].unlink()
    with pytest.raises(SystemExit, match="all parts of model"):
        join(tmp_path, "model")
