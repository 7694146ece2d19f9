"""Writes `cases.json`: which layers LaCo collapses in checkpoints of `../dmtd`, and the logits of what is left, in PyTorch.

    cd weights/recipe && .venv/bin/python ../../Tests/Goldens/laco/make.py

This is the rule of docs/layer-skipping.md, without anything of Volley's: it tries every threshold from the highest on, runs
whole models, and keeps no residual from trial to trial.
"""

import copy
import json
import sys
from pathlib import Path

import torch

FOLDER = Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER.parent))
from reference import loaded, stored as tensors  # noqa: E402

RUN = 4
MODELS = ("qwen3-tied", "qwen3-untied-bf16-sharded", "llama-ropescaled")
MATRICES = ("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.o_proj",
            "mlp.gate_proj", "mlp.up_proj", "mlp.down_proj")


def collapsed(model, runs, stored):
    result = copy.deepcopy(model)
    for first, end in runs:
        for name in MATRICES:
            weights = [model.model.layers[layer].get_submodule(name).weight.data for layer in range(first, end)]
            total = weights[0] + sum(one - weights[0] for one in weights[1:])
            result.model.layers[first].get_submodule(name).weight.data = total.to(stored).float()
    dropped = {layer for first, end in runs for layer in range(first + 1, end)}
    result.model.layers = torch.nn.ModuleList(one for index, one in enumerate(result.model.layers) if index not in dropped)
    for index, layer in enumerate(result.model.layers):
        layer.self_attn.layer_idx = index
    result.config.num_hidden_layers = len(result.model.layers)
    return result


def residuals(model, tokens):
    """What comes out of the last layer, before the final norm."""
    seen = []
    hook = model.model.norm.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0][0]))
    with torch.no_grad():
        model(torch.tensor([tokens]), use_cache=False)
    hook.remove()
    return seen[0].double()


def chosen(model, stored, tokens, count):
    """The runs, their similarity, and by how little a decision was taken."""
    whole = residuals(model, tokens)

    def similarity(runs):
        return torch.cosine_similarity(residuals(collapsed(model, runs, stored), tokens), whole, dim=-1).mean().item()

    threshold = 1.0
    while True:
        runs, left, end, tried = [], count, len(model.model.layers), []
        while left and end - min(RUN, left + 1) >= 0:
            run = (end - min(RUN, left + 1), end)
            tried.append(similarity([*runs, run]))
            if tried[-1] >= threshold:
                runs, left, end = [*runs, run], left - (run[1] - run[0] - 1), run[0]
            else:
                end -= 1
        if not left:
            margin = min((abs(one - threshold) for one in tried if one != threshold), default=1.0)
            return runs, similarity(runs), margin
        threshold = max(one for one in tried if one < threshold)


def cases(name):
    folder = FOLDER.parent / "dmtd" / name
    model, stored = loaded(folder), tensors(folder)["model.layers.0.mlp.up_proj.weight"].dtype
    generator = torch.Generator().manual_seed(8)
    tokens = torch.randint(3, 300, (24,), generator=generator).tolist()
    for count in (1, 2, 3, 4, 6, 7):
        if count > len(model.model.layers) // RUN * (RUN - 1):
            continue
        runs, similarity, margin = chosen(model, stored, tokens, count)
        print(name, count, runs, similarity, margin)
        assert margin > 1e-5
        with torch.no_grad():
            logits = collapsed(model, runs, stored)(torch.tensor([tokens]), use_cache=False).logits[0, -1, :16]
        yield {"left_out": count, "runs": runs, "similarity": similarity, "logits": logits.tolist(), "tokens": tokens}


if __name__ == "__main__":
    (FOLDER / "cases.json").write_text(json.dumps({name: list(cases(name)) for name in MODELS}) + "\n")
