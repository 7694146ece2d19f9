"""The add-on's pass over many cycles equals decoding cycle by cycle with refreshed head history."""

import json
from pathlib import Path
from random import Random

import pytest
import torch
from transformers import DynamicCache, PreTrainedModel

from head_models import llama, qwen3, texts
from recipe.head.addon import AddOn, Rows, drawn_rows, rows_of
from recipe.head.loss import Divergence, Vocabulary
from recipe.head.teacher import Teacher

GOLDENS = Path(__file__).parents[3] / "Tests/Goldens/dmtd"
MODELS = pytest.mark.parametrize("model", (qwen3(), llama()), ids=("qwen3", "llama"))


def changed(teacher: Teacher) -> AddOn:
    """Returns an add-on that differs from the original head."""
    addon = AddOn(teacher)
    torch.manual_seed(5)
    with torch.no_grad():
        for one in addon.parameters():
            one.add_(torch.randn_like(one) * 0.05)
    return addon


@torch.no_grad()
def recomputed(model: PreTrainedModel, addon: AddOn, ids: list[int], start: int, head_layers: int) -> torch.Tensor:
    """Returns the input of `lm_head` at the last of `ids`, whose cycle starts at `start`, by `transformers`' layers, row by row."""
    stack, cache = model.model, DynamicCache(config=model.config)
    embedded = stack.embed_tokens(torch.tensor([ids]))

    def run(layers, x, positions, mask):  # noqa: ANN001
        rotary = stack.rotary_emb(x, positions)
        for layer in layers:
            x = layer(x, attention_mask=mask, position_embeddings=rotary, position_ids=positions, past_key_values=cache)
        return x

    positions = torch.arange(start + 1)[None]
    causal = torch.ones(start + 1, start + 1, dtype=torch.bool).tril()[None, None]
    run(stack.layers, embedded[:, : start + 1], positions, causal)  # the trunk, and the original head fed T
    for position in range(start + 1, len(ids)):
        x = run(addon.model.layers.values(), embedded[:, position : position + 1], torch.tensor([[position]]), None)
    return addon.model.norm(x)[0, 0]


@MODELS
def test_many_cycles_in_one_pass_are_each_a_recomputation_by_the_rule(model):
    teacher = Teacher(model, 3, torch.float32)
    addon, (ids, starts) = changed(teacher), texts(3)
    lessons = teacher.teach(ids, starts)
    rows = [drawn_rows(start, len(text), (2, 3, 4, 6), 0.7, Random(index)) for index, (text, start) in enumerate(zip(ids, starts))]
    assert len({cycle_index for one in rows for cycle_index in one.cycle_indices.tolist()}) == 5
    found = addon(lessons, rows)
    expected = [
        recomputed(model, addon, text[: position + 1], start, 3)
        for text, one in zip(ids, rows)
        for position, start in zip(one.positions.tolist(), one.starts.tolist())
    ]
    torch.testing.assert_close(found, torch.stack(expected), atol=2e-5, rtol=1e-4)


@MODELS
def test_the_teacher_is_the_model(model):
    ids, starts = texts(4)
    for rows in (None, 200):
        for text, lesson in zip(ids, Teacher(model, 3, torch.float32).teach(ids, starts, rows)):
            with torch.no_grad():
                expected = model(torch.tensor([text])).logits[0]
            torch.testing.assert_close(Teacher(model, 3, torch.float32).logits(lesson.states), expected, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("name", ("qwen3-tied", "llama-ropescaled"))
def test_golden_cases_where_the_add_on_is_the_original_head(name):
    teacher = Teacher.load(GOLDENS / name, 8, torch.float32)
    addon, cases = AddOn(teacher), json.loads((GOLDENS / name / "refreshed.json").read_text())
    cases = [case for case in cases if case["window"] == 0]
    assert len(cases) == 16
    for case in cases:
        first, ids = len(case["prompt"]), case["prompt"] + case["tokens"]
        (lesson,) = teacher.teach([ids], [first])
        logits = teacher.logits(lesson.states)
        assert logits[first - 1 : -1].argmax(-1).tolist() == case["vanilla_choice"]
        rows = rows_of([(start, case["cycle"]) for start in range(first, len(ids), case["cycle"])], len(ids))
        with torch.no_grad():
            logits[rows.positions] = teacher.logits(addon([lesson], [rows]))
        assert logits[first - 1 : -1].argmax(-1).tolist() == case["tokens"]
        torch.testing.assert_close(logits[-1], torch.tensor(case["last_logits"]), atol=2e-4, rtol=1e-3)


def test_rows_of_other_cycles_and_texts_change_nothing():
    teacher = Teacher(qwen3(), 3, torch.float32)
    addon, (ids, starts) = changed(teacher), texts(2)
    lessons = teacher.teach(ids, starts)
    rows = [rows_of([(start, 6) for start in range(first, len(text) - 1)], len(text)) for text, first in zip(ids, starts)]
    with torch.no_grad():
        together = addon(lessons, rows)
        one = rows_of([(starts[0] + 2, 6)], len(ids[0]))
        alone = addon(lessons[:1], [one])
    chosen = (rows[0].starts == starts[0] + 2).nonzero()[:, 0]
    torch.testing.assert_close(together[chosen], alone, atol=1e-5, rtol=1e-4)


def test_cycle_indices_come_as_often_as_in_texts_whose_factor_is_drawn_uniformly():
    rows = drawn_rows(10, 200_010, (2, 3, 4, 6), 0.5, Random(3))
    counts = torch.bincount(rows.cycle_indices)[1:].double()
    # A text of factor f has one cycle per f tokens, with cycle indices 1 to f − 1.
    expected = torch.tensor([sum(1 / factor for factor in (2, 3, 4, 6) if factor > cycle_index) for cycle_index in range(1, 6)])
    torch.testing.assert_close(counts / counts.sum(), expected.double() / expected.sum(), atol=0.005, rtol=0.02)
    assert rows.starts.min() >= 10 and rows.positions.max() < 200_010


def test_the_divergence_over_the_whole_vocabulary_is_exact_and_so_is_its_gradient():
    torch.manual_seed(0)
    output, states, expected = torch.randn(50, 8), torch.randn(700, 8, requires_grad=True), torch.randn(700, 8)
    vocabulary = Vocabulary(output, torch.arange(50), 50, 10)
    generator = torch.Generator().manual_seed(0)
    found, agrees = Divergence.apply(states, expected, vocabulary.drawn(generator), 50, vocabulary.weight)
    (found * torch.arange(700)).sum().backward()
    gradient, states.grad = states.grad, None
    student, teacher = (states @ output.T).log_softmax(-1), (expected @ output.T).log_softmax(-1)
    exact = (teacher.exp() * (teacher - student)).sum(-1)
    (exact * torch.arange(700)).sum().backward()
    torch.testing.assert_close(found, exact, atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(gradient, states.grad, atol=1e-3, rtol=1e-4)
    assert agrees.tolist() == (student.argmax(-1) == teacher.argmax(-1)).tolist()


def test_a_sample_stands_for_the_tokens_that_are_rare():
    torch.manual_seed(0)
    output, states, expected = torch.randn(4000, 8) * 0.3, torch.randn(40, 8), torch.randn(40, 8)
    vocabulary = Vocabulary(output, torch.arange(4000), 1000, 500)
    assert vocabulary.common.tolist() == list(range(3999, 2999, -1))
    whole = Vocabulary(output, torch.arange(4000), 4000, 0)
    generator = torch.Generator().manual_seed(1)
    exact, _ = Divergence.apply(states, expected, whole.drawn(generator), 4000, whole.weight)
    draws = [Divergence.apply(states, expected, vocabulary.drawn(generator), 1000, vocabulary.weight)[0] for _ in range(60)]
    torch.testing.assert_close(torch.stack(draws).mean(0), exact, atol=0.01, rtol=0.03)


def test_fewer_rows_are_the_first_ones():
    rows = rows_of([(4, 3), (5, 2)], 20)
    assert (rows.positions.tolist(), rows.starts.tolist()) == ([5, 6, 6], [4, 4, 5])
    assert rows.first(2).positions.tolist() == [5, 6] and isinstance(rows.first(2), Rows)
    assert len(rows_of([(19, 6)], 20)) == 0
