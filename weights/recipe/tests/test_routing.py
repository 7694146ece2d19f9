"""Routed layers match the reference, and training changes nothing else."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoConfig, AutoModelForCausalLM, PreTrainedModel

from recipe import checkpoints, depth
from recipe.cycles import VANILLA, MaskedPass
from recipe.decoding import Decoder
from recipe.examples import Batch, Example
from recipe.optimizers import ROUTER_PACE, optimizers
from recipe.routing import (
    LAYERS, THRESHOLD, Routing, gates, layers_used, lift_gates, route, routed_layers, skip_losses, train_routers_alone,
)  # fmt: skip
from recipe.training import LIFT, Losses, Run, Schedule

GOLDENS = Path(__file__).parents[3] / "Tests/Goldens"
RECORDED = ("flexidepth", "flexidepth-tanh-norm", "mindskip", "mixture-of-depths")


def shares(model: PreTrainedModel) -> list[list[float]]:
    """Returns the share of each routed layer that each token of the last pass ran, for its single sequence."""
    return torch.stack([layer.used[0] for layer in routed_layers(model)], dim=-1).tolist()


@pytest.mark.parametrize("name", RECORDED)
def test_one_pass_reproduces_the_golden_cases(name: str):
    model = checkpoints.load(GOLDENS / name, torch.device("cpu"), torch.float32).eval()
    for case in json.loads((GOLDENS / name / "cases.json").read_text()):
        prompt, tokens = case["prompt"], case["tokens"]
        with torch.no_grad():
            logits = model(torch.tensor([prompt + tokens[:-1]]), use_cache=False).logits[0]
        assert logits[len(prompt) - 1 :].argmax(-1).tolist() == tokens
        torch.testing.assert_close(logits[len(prompt) - 1, :8], torch.tensor(case["prefill_logits"]), atol=1e-3, rtol=0)
        torch.testing.assert_close(logits[-1, :8], torch.tensor(case["last_logits"]), atol=1e-3, rtol=0)
        torch.testing.assert_close(gates(model)[0], torch.tensor(case["gates"]), atol=1e-3, rtol=0)
        assert shares(model) == case["mask"]
        assert layers_used(model)[0].tolist() == case["layers_used"]


@pytest.mark.parametrize("name", RECORDED)
def test_decoding_with_a_cache_routes_alike(name: str):
    model = checkpoints.load(GOLDENS / name, torch.device("cpu"), torch.float32).eval()
    for case in json.loads((GOLDENS / name / "cases.json").read_text()):
        steps = Decoder(model, head_layers=2).logits(torch.tensor([case["prompt"]]), VANILLA)
        logits, masks = next(steps), shares(model)
        for position, token in enumerate(case["tokens"]):
            assert int(logits.argmax(-1)) == token
            if position + 1 < len(case["tokens"]):
                logits = steps.send(torch.tensor([token]))
                masks += shares(model)
        assert masks == case["mask"]


def small(kind: str = "qwen3") -> PreTrainedModel:
    torch.manual_seed(6)
    config = AutoConfig.for_model(
        kind, vocab_size=60, hidden_size=32, intermediate_size=48, num_hidden_layers=4, num_attention_heads=4,
        num_key_value_heads=2, head_dim=8, max_position_embeddings=64, tie_word_embeddings=kind == "qwen3",
        mtp_horizon=4,
    )  # fmt: skip
    return AutoModelForCausalLM.from_config(config)


def routed(kind: str = "qwen3", method: str = "flexidepth") -> PreTrainedModel:
    model = small(kind)
    route(model, Routing((1, 3), 4, 8, "tanh_norm", method))
    train_routers_alone(model)
    return model


def run_of(model: PreTrainedModel, directory: Path, penalties: tuple[float, ...] = (0.1, 0.01), steps: int = 4) -> Run:
    schedule = Schedule(steps=steps, sequences=6, learning_rate=1e-2, warmup=1, penalties=penalties)
    return Run(MaskedPass(model, head_layers=1), RandomExamples(), schedule, directory, pad=0)


class RandomExamples:
    def batch(self, step: int, size: int) -> list[Example]:
        generator = torch.Generator().manual_seed(step)
        lengths = torch.randint(6, 20, (size,), generator=generator).tolist()
        return [Example(torch.randint(60, (n,), generator=generator).tolist(), n // 2) for n in lengths]


@pytest.mark.parametrize("method", tuple(LAYERS))
def test_training_changes_routers_and_adapters_and_nothing_else(tmp_path: Path, method: str):
    model, before = routed(method=method), routed(method=method)
    run_of(model, tmp_path).train()
    old = before.state_dict()
    changed = {name for name, new in model.state_dict().items() if not torch.equal(new, old[name])}
    assert changed == {name for name in old if "router" in name}
    line = json.loads((tmp_path / "log.jsonl").read_text().splitlines()[-1])
    assert 2 <= line["layers"]["data"] <= 4


def test_an_interrupted_run_ends_like_one_that_was_not(tmp_path: Path):
    whole, parts = run_of(routed(), tmp_path / "whole"), run_of(routed(), tmp_path / "parts")
    whole.train()
    parts.directory.mkdir()
    for parts.step in range(2):
        parts.one_step(Losses())
    parts.step = 2
    parts.save()
    resumed = run_of(routed(), tmp_path / "parts")
    resumed.train()
    torch.testing.assert_close(resumed.model.state_dict(), whole.model.state_dict())


def test_depth_costs_the_square_of_the_summed_gates_and_padding_costs_nothing():
    model = routed()
    batch = Batch.of([Example([5, 6, 7, 8], 2), Example([5, 6], 1)], pad=0)
    model(batch.ids, use_cache=False)
    by_layer = [layer.gates for layer in routed_layers(model)]
    torch.testing.assert_close(skip_losses(model), (by_layer[0] + by_layer[1]) ** 2)
    assert batch.real().tolist() == [[True] * 4, [True, True, False, False]]
    alone = skip_losses(model)[1, :2].clone()
    model(batch.ids[1:, :2], use_cache=False)
    torch.testing.assert_close(skip_losses(model)[0], alone)


def test_a_penalty_makes_tokens_skip(tmp_path: Path):
    means = []
    for penalty in (0.0, 10.0):
        model = routed()
        run_of(model, tmp_path / str(penalty), (penalty,), steps=100).train()
        means.append(gates(model).detach().mean())
    assert means[1] < means[0] - 0.1


def test_training_begins_with_all_layers_and_ends_on_the_routers_own_word(tmp_path: Path):
    schedule = Schedule(steps=10, sequences=6, learning_rate=1e-3, penalties=(0.1,), lifted=0.4)
    assert schedule.lift(0) == LIFT and schedule.lift(2) == LIFT / 2 and schedule.lift(4) == schedule.lift(9) == 0
    model = routed()
    run = Run(MaskedPass(model, head_layers=1), RandomExamples(), schedule, tmp_path, pad=0)
    run.one_step(Losses())
    assert gates(model).min() > 0.99
    run.train()
    assert all(float(one) == 0 for name, one in model.named_buffers() if name.endswith("lift"))
    assert not any("lift" in name for name in model.state_dict())


def test_routers_learn_slower_than_adapters():
    (optimizer,) = optimizers(MaskedPass(routed(), head_layers=1), "adamw", 0.1)
    counts = {group.get("pace", 1.0): len(group["params"]) for group in optimizer.param_groups}
    assert counts == {1.0: 2 * 3, ROUTER_PACE: 2 * 4}


def test_penalties_follow_each_other_in_stages():
    schedule = Schedule(steps=10, sequences=1, learning_rate=1, penalties=(1e-3, 1e-4))
    assert [schedule.penalty(step) for step in range(10)] == [1e-3] * 5 + [1e-4] * 5


@pytest.mark.parametrize(
    ("kind", "method", "written"),
    (("qwen3", "flexidepth", "qwen3"), ("llama", "flexidepth", "ddllama"), ("llama", "mindskip", "llama"), ("qwen3", "mixture_of_depths", "qwen3")),
)
def test_what_is_saved_is_what_was_trained(tmp_path: Path, kind: str, method: str, written: str):
    model = routed(kind, method)
    run = run_of(model, tmp_path)
    run.train()
    checkpoints.save(run, tmp_path)
    configuration = json.loads((tmp_path / "config.json").read_text())
    assert configuration["model_type"] == written and "mtp_horizon" not in configuration
    assert configuration["routing_layers"] == [1, 3]
    assert (configuration.get("router_order"), configuration.get("routing_method")) in (("tanh_norm", None), (None, method))
    again = checkpoints.load(tmp_path, torch.device("cpu"), torch.float32)
    ids = torch.arange(12)[None]
    torch.testing.assert_close(again(ids, use_cache=False).logits, model(ids, use_cache=False).logits)
    torch.testing.assert_close(gates(again), gates(model))


def test_a_copy_may_have_rounded_routers_and_nothing_else(tmp_path: Path):
    run = run_of(routed(), tmp_path / "run", steps=1)
    run.train()
    checkpoints.save(run, tmp_path)
    (tmp_path / "copy").mkdir()
    checkpoints.copy_with_rounded_routers(run.directory, tmp_path / "copy")
    before, after = (load_file(tmp_path / name / "model.safetensors") for name in ("run", "copy"))
    assert before.keys() == after.keys()
    for name, one in after.items():
        assert torch.equal(one, before[name].to(one.dtype))
        assert (one.dtype == torch.bfloat16) == (".router." in name and one.dim() > 1)


def test_open_mind_skip_gates_change_nothing_and_shut_ones_leave_the_layer_out():
    plain, model, ids = small(), routed(method="mindskip"), torch.arange(12)[None]
    lift_gates(model, 100.0)
    torch.testing.assert_close(model(ids, use_cache=False).logits, plain(ids, use_cache=False).logits)
    assert layers_used(model).unique().tolist() == [4]
    lift_gates(model, -100.0)
    del plain.model.layers[3], plain.model.layers[1]
    torch.testing.assert_close(model(ids, use_cache=False).logits, plain(ids, use_cache=False).logits)
    assert layers_used(model).unique().tolist() == [2]


def test_in_training_the_widest_gates_of_a_sequence_run_and_later_those_above_one_half():
    model, ids = routed(method="mixture_of_depths"), torch.randint(60, (3, 11), generator=torch.Generator().manual_seed(2))
    model.train()(ids, use_cache=False)
    for layer in routed_layers(model):
        # Half of eleven, rounded up.
        assert layer.used.sum(dim=1).tolist() == [6] * 3
        assert all(gate[used > 0].min() > gate[used == 0].max() for gate, used in zip(layer.gates, layer.used))
        expected = torch.nn.functional.binary_cross_entropy(layer.gates, layer.used, reduction="none")
        torch.testing.assert_close(layer.misjudged, expected)
    torch.testing.assert_close(skip_losses(model), sum(layer.misjudged for layer in routed_layers(model)))
    model.eval()(ids, use_cache=False)
    for layer in routed_layers(model):
        assert torch.equal(layer.used, (layer.gates > THRESHOLD).float())


def test_a_mixtures_open_gates_change_nothing_and_shut_ones_leave_the_layer_out():
    plain, model, ids = small(), routed(method="mixture_of_depths").eval(), torch.arange(12)[None]
    lift_gates(model, 100.0)
    torch.testing.assert_close(model(ids, use_cache=False).logits, plain(ids, use_cache=False).logits)
    lift_gates(model, -100.0)
    del plain.model.layers[3], plain.model.layers[1]
    torch.testing.assert_close(model(ids, use_cache=False).logits, plain(ids, use_cache=False).logits)
    assert layers_used(model).unique().tolist() == [2]


def test_a_mixtures_gates_learn_who_runs(tmp_path: Path):
    losses = []
    for penalty in (0.0, 1.0):
        model = routed(method="mixture_of_depths")
        run_of(model, tmp_path / str(penalty), (penalty,), steps=100).train()
        losses.append(0.0)
        for one in RandomExamples().batch(1000, 8):
            model(torch.tensor([one.ids]), use_cache=False)
            losses[-1] += skip_losses(model).mean().item() / 8
    assert losses[1] < losses[0] - 0.1


def test_layers_that_a_model_does_not_have_are_refused():
    with pytest.raises(SystemExit, match=r"routing_layers names \[4, 9\]; the model's layers are 0 to 3"):
        route(small(), Routing((1, 4, 9), 4, 4))


def test_one_pass_judges_as_decoding_does():
    model, prompts = routed().eval(), torch.randint(60, (5, 7), generator=torch.Generator().manual_seed(7))
    steps = Decoder(model, head_layers=1).logits(prompts, VANILLA)
    tokens, used = [next(steps).argmax(-1)], [layers_used(model)[:, -1]]
    for _ in range(3):
        tokens.append(steps.send(tokens[-1]).argmax(-1))
        used.append(layers_used(model)[:, -1])
    answers = torch.stack(tokens, dim=1)
    answers[1, -1] = (answers[1, -1] + 1) % 60
    examples = [Example([*prompt, *answer], 7) for prompt, answer in zip(prompts.tolist(), answers.tolist())]
    found = depth.judged(model, examples)
    assert (found.items, found.right, len(found.losses)) == (5, 4, 20)
    assert sorted(found.answer_layers) == sorted(torch.stack(used).flatten().tolist())
    assert len(found.prompt_layers) == 5 * 6 and set(found.answer_layers) <= {2, 3, 4}
