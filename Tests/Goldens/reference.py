"""What generators of golden cases share: checkpoints in float32, greedy decoding by full recomputation, `--check`.

Nothing here keeps keys and values, so that a reference has nothing in common with a runtime's caches. Needs torch, transformers
and safetensors (written with 2.13, 5.23 and 0.8): the recipe's virtual environment has them.
"""

import argparse
import json
import math
from collections.abc import Callable
from pathlib import Path

import torch
from safetensors.torch import load_file
from transformers import AutoConfig, AutoModelForCausalLM, PreTrainedModel

TOLERANCE = 1e-3
# Matrices this small lose time to threads.
torch.set_num_threads(1)


def fields(folder: Path) -> dict:
    return json.loads((folder / "config.json").read_text())


def stored(folder: Path) -> dict[str, torch.Tensor]:
    """All tensors of a checkpoint, as they are stored."""
    state = {}
    for path in sorted(folder.glob("*.safetensors")):
        state |= load_file(path)
    return state


def empty(folder: Path) -> PreTrainedModel:
    """transformers' Qwen3 or Llama in the shape of a checkpoint, with weights of its own."""
    configuration = fields(folder)
    kind = "qwen3" if "qwen3" in configuration["model_type"] else "llama"
    configuration = AutoConfig.for_model(**configuration | {"model_type": kind})
    return AutoModelForCausalLM.from_config(configuration, dtype=torch.float32)


def loaded(folder: Path) -> PreTrainedModel:
    """A checkpoint's model in float32. Tensors that a plain layer has no use for, such as routers, are left out."""
    model, state = empty(folder), stored(folder)
    if model.config.tie_word_embeddings:
        state.setdefault("lm_head.weight", state["model.embed_tokens.weight"])
    state = {name: one.float() for name, one in state.items() if "router" not in name}
    model.load_state_dict(state)
    return model.eval()


@torch.no_grad()
def run(model: PreTrainedModel, layers: torch.nn.ModuleList, hidden: torch.Tensor, visible: torch.Tensor) -> torch.Tensor:
    """One pass of some layers over a whole sequence. hidden: [1, length, width]; visible: [query, key]."""
    positions = torch.arange(hidden.shape[1])[None]
    rotary = model.model.rotary_emb(hidden, positions)
    for layer in layers:
        hidden = layer(
            hidden, attention_mask=visible[None, None], position_ids=positions, position_embeddings=rotary
        )
    return hidden


def greedy(
    logits: Callable[[list[int]], torch.Tensor], prompt: list[int], guess: list[int]
) -> tuple[list[int], torch.Tensor]:
    """The most likely tokens after a prompt, as many as `guess` has, the end token like any other; and their logits.

    `logits` gives those of a sequence's positions from the prompt's last one on. A position's depend on nothing after it, so the
    greedy tokens are the only ones that come out as they went in. Each round gets at least one more right; a good guess takes one.
    """
    while True:
        rows = logits(prompt + guess)
        tokens = rows[:-1].argmax(-1).tolist()
        if tokens == guess:
            return tokens, rows
        guess = tokens


def least_margin(rows: torch.Tensor) -> float:
    """The least gap between the largest logit and the next one, over rows that chose a token."""
    best = rows[:-1].topk(2).values
    return round(float((best[:, 0] - best[:, 1]).min()), 6)


def rounded(values: torch.Tensor) -> list:
    """To the five digits that case files hold."""
    return [rounded(one) if one.dim() else round(float(one), 5) for one in values]


def difference(old: object, new: object) -> float:
    """The largest difference of two numbers in the same place; infinite where anything else differs."""
    if isinstance(old, dict) and isinstance(new, dict) and old.keys() == new.keys():
        return max((difference(old[key], new[key]) for key in old), default=0.0)
    if isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        return max(map(difference, old, new), default=0.0)
    if isinstance(old, float) and isinstance(new, float):
        return abs(old - new)
    return 0.0 if old == new else math.inf


def is_check(description: str) -> bool:
    parser = argparse.ArgumentParser(description=description.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare with the committed files, and write nothing")
    return parser.parse_args().check


def regenerate(path: Path, answered: Callable[[dict], dict], check: bool) -> bool:
    """Answers the cases of a file anew, and writes or compares them. Returns whether they are what the file held."""
    cases = json.loads(path.read_text())
    found = [answered(case) for case in cases]
    largest = difference(cases, found)
    print(f"{path.parent.name}/{path.name}: {len(cases)} cases, largest difference {largest:.2g}", flush=True)
    if not check:
        path.write_text(json.dumps(found) + "\n")
    return largest <= TOLERANCE
