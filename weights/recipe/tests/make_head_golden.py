"""Writes Tests/Goldens/dmtd/qwen3-tied-head: an add-on head that differs from the model's own, and what it decodes greedily, each
token recomputed from the whole text by `transformers`' layers. Run it in weights/recipe: `python tests/make_head_golden.py`."""

import json
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from types import SimpleNamespace

import torch

from recipe.head.addon import AddOn
from recipe.head.export import export
from recipe.head.teacher import Teacher
from recipe.head.training import Progress, Schedule
from test_head_passes import GOLDENS, recomputed

MODEL, HEAD_LAYERS, FACTORS, COUNT = GOLDENS / "qwen3-tied", 8, (2, 3, 4, 6), 24


def main() -> None:
    teacher, random = Teacher.load(MODEL, HEAD_LAYERS, torch.float32), Random(13)
    addon = AddOn(teacher)
    torch.manual_seed(7)
    with torch.no_grad():
        for one in addon.parameters():
            # The file holds bfloat16, so the cases use what it holds.
            one.copy_((one + torch.randn_like(one) * 0.1 * one.std().nan_to_num(0.1)).bfloat16())
    cases = [case(teacher, addon, prompt(random, length), factor) for length in (1, 2, 7, 30) for factor in FACTORS]
    out = GOLDENS / "qwen3-tied-head"
    with TemporaryDirectory() as directory:
        base = Path(directory) / "qwen3-tied"
        base.write_text("")
        run = SimpleNamespace(addon=addon, teacher=teacher, progress=Progress(), feed=SimpleNamespace(tokens=0), schedule=Schedule())
        export(run, out, base, FACTORS, {})
    (out / "cases.json").write_text(json.dumps(cases) + "\n")
    differing = sum(one["tokens"][i] != one["vanilla_choice"][i] for one in cases for i in range(COUNT))
    print(f"{len(cases)} cases; {differing} of {COUNT * len(cases)} tokens are not vanilla's")


def prompt(random: Random, length: int) -> list[int]:
    return [random.randrange(320) for _ in range(length)]


@torch.no_grad()
def case(teacher: Teacher, addon: AddOn, prompt: list[int], factor: int) -> dict:
    """Decodes greedily. `vanilla_choice` is the model's own choice after the same text."""
    model, ids, choices, margin = teacher.model, list(prompt), [], float("inf")
    while len(ids) < len(prompt) + COUNT:
        vanilla = logits = model(torch.tensor([ids])).logits[0, -1]
        place = (len(ids) - 1 - len(prompt)) % factor
        if len(ids) > len(prompt) and place > 0:
            logits = model.lm_head(recomputed(model, addon, ids, len(ids) - 1 - place, HEAD_LAYERS))
        best = logits.topk(2).values
        margin = min(margin, float(best[0] - best[1]))
        choices.append(int(vanilla.argmax()))
        ids.append(int(logits.argmax()))
    return {
        "prompt": prompt, "cycle": factor, "phase": "prompt", "head_history": "refreshed", "window": 0, "sinks": 0,
        "tokens": ids[len(prompt) :], "vanilla_choice": choices, "min_margin": round(margin, 6),
        "last_logits": [round(one, 5) for one in logits.tolist()],
    }  # fmt: skip


if __name__ == "__main__":
    main()
