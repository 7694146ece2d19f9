"""Training steps: in one process and in two, interrupted or not, with loss on answers only."""

import json
import socket
from pathlib import Path

import pytest
import torch
import torch.distributed as distributed
import torch.multiprocessing as multiprocessing
from transformers import Qwen3Config, Qwen3ForCausalLM

from recipe.cycles import VANILLA, MaskedPass
from recipe.distributed import sharded
from recipe.examples import Batch, Example
from recipe.optimizers import optimizers
from recipe.training import Losses, Run, Schedule, passes

SCHEDULE = Schedule(steps=3, sequences=8, learning_rate=1e-3, factors=(VANILLA, 2, 3), head_layers=2, warmup=1, save_every=1)


class RandomExamples:
    def batch(self, step: int, size: int) -> list[Example]:
        generator = torch.Generator().manual_seed(step)
        lengths = torch.randint(6, 20, (size,), generator=generator).tolist()
        return [Example(torch.randint(50, (n,), generator=generator).tolist(), n // 2) for n in lengths]


def small() -> MaskedPass:
    torch.manual_seed(4)
    network = Qwen3ForCausalLM(
        Qwen3Config(
            vocab_size=50, hidden_size=16, intermediate_size=24, num_hidden_layers=4, num_attention_heads=2,
            num_key_value_heads=1, head_dim=8, max_position_embeddings=64, tie_word_embeddings=True,
        )
    )  # fmt: skip
    return MaskedPass(network, head_layers=2)


def weights(model: torch.nn.Module) -> torch.Tensor:
    return torch.cat([one.detach().flatten() for one in model.parameters()])


def test_an_interrupted_run_ends_like_one_that_was_not(tmp_path: Path):
    whole, first, second = small(), small(), small()
    Run(whole, RandomExamples(), SCHEDULE, tmp_path / "whole", pad=0).train()
    run = Run(first, RandomExamples(), SCHEDULE, tmp_path / "parts", pad=0)
    run.directory.mkdir()
    run.one_step(Losses())
    run.step = 1
    run.save()
    run.step = 2
    run.log(Losses(), 0)  # from a step that a kill lost
    Run(second, RandomExamples(), SCHEDULE, tmp_path / "parts", pad=0).train()
    torch.testing.assert_close(weights(second), weights(whole))
    logs = [(tmp_path / name / "log.jsonl").read_text().splitlines() for name in ("whole", "parts")]
    assert [[json.loads(line)["step"] for line in log] for log in logs] == [[3], [3]]
    line = json.loads(logs[0][-1])
    assert line["step"] == 3 and set(line["loss"]) <= {"off", "2", "3"}


def test_passes_of_any_size_give_the_same_step(tmp_path: Path):
    results = []
    for tokens_at_once in (30, 10_000):
        model = small()
        schedule = Schedule(**{**SCHEDULE.__dict__, "tokens_at_once": tokens_at_once})
        Run(model, RandomExamples(), schedule, tmp_path, pad=0).one_step(Losses())
        results.append(weights(model))
    torch.testing.assert_close(results[0], results[1], atol=1e-6, rtol=1e-4)
    ordered = sorted(RandomExamples().batch(0, 8), key=lambda one: len(one.ids))
    groups = passes([(one, 2) for one in ordered], 40)
    assert sum(len(group) for group, _ in groups) == 8
    assert all(max(len(one.ids) for one in group) * len(group) <= 40 for group, _ in groups)


def test_only_answers_are_learnt():
    batch = Batch.of([Example([5, 6, 7, 8], 2), Example([5, 6], 1)], pad=0)
    assert batch.predicting().tolist() == [[False, True, True, False], [True, False, False, False]]


def distilled(model: MaskedPass, directory: Path, teacher: MaskedPass, process: int = 0, processes: int = 1) -> Run:
    schedule = Schedule(**{**SCHEDULE.__dict__, "distillation": 0.5})
    return Run(model, RandomExamples(), schedule, directory, 0, teacher.eval(), process, processes)


def process(rank: int, port: int, directory: Path, kind: str) -> None:
    distributed.init_process_group("gloo", init_method=f"tcp://127.0.0.1:{port}", rank=rank, world_size=2)
    model = small()
    if kind == "distilled":
        model.freeze_trunk()
        model = sharded(model, torch.float32)
        run = distilled(model, directory, sharded(small(), torch.float32), rank, 2)
    else:
        model = sharded(model, torch.float32) if kind == "sharded" else model
        run = Run(model, RandomExamples(), SCHEDULE, directory, 0, process=rank, processes=2)
    run.one_step(Losses())
    parts = [one if kind == "replicated" else one.full_tensor() for one in model.parameters()]
    full = torch.cat([one.detach().flatten() for one in parts])
    if rank == 0:
        torch.save(full, directory / "two.pt")
    distributed.barrier()  # an early exit would break the other process's connections
    distributed.destroy_process_group()


@pytest.mark.parametrize("kind", ("sharded", "distilled", "replicated"))
def test_a_step_on_two_processes_is_a_step_on_one(tmp_path: Path, kind: str):
    model = small()
    before = weights(model)
    if kind == "distilled":
        model.freeze_trunk()
        distilled(model, tmp_path, small()).one_step(Losses())
    else:
        Run(model, RandomExamples(), SCHEDULE, tmp_path, pad=0).one_step(Losses())
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    multiprocessing.spawn(process, (port, tmp_path, kind), nprocs=2)
    torch.testing.assert_close(torch.load(tmp_path / "two.pt"), weights(model), atol=1e-6, rtol=1e-4)
    assert not torch.equal(before, weights(model))


def test_a_frozen_trunk_stays_and_the_head_learns(tmp_path: Path):
    model, before = small(), small()
    model.freeze_trunk()
    distilled(model, tmp_path, small()).one_step(Losses())
    changed = {
        name
        for (name, new), (_, old) in zip(model.named_parameters(), before.named_parameters())
        if not torch.equal(new, old)
    }
    head = {name for name, _ in model.named_parameters() if ".layers.2." in name or ".layers.3." in name}
    assert changed == head | {"model.model.norm.weight"}


def test_muon_takes_the_matrices_of_the_layers(tmp_path: Path):
    model = small()
    adam, muon = optimizers(model, "muon", 0.1)
    taken = sum(one.numel() for group in muon.param_groups for one in group["params"])
    assert taken == sum(one.numel() for one in model.model.model.layers.parameters() if one.dim() == 2)
    rest = sum(one.numel() for group in adam.param_groups for one in group["params"])
    assert taken + rest == sum(one.numel() for one in model.parameters())
