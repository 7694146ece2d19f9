"""Writes the checkpoints of this folder from their seeds, and answers their cases anew, by full recomputation in PyTorch.

    cd weights/recipe && .venv/bin/python ../../Tests/Goldens/dmtd/make.py           writes all files but config.json
    cd weights/recipe && .venv/bin/python ../../Tests/Goldens/dmtd/make.py --check   compares with the committed ones

A case asks for greedy tokens after `prompt` with cycles of `cycle` tokens (0: vanilla). They come from teacher-forced passes over
the whole sequence, in float32: the trunk under its mask, then the head over T, E + T or E.
`cases.json` tells phases apart, `rules.json` prompt inputs and histories, `refreshed.json` has the refreshed head history;
there `vanilla_choice` is vanilla's most likely token after the same text.
"""

import json
import sys
from pathlib import Path

import torch
from safetensors.torch import save_file
from transformers import PreTrainedModel

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from reference import empty, fields, greedy, is_check, least_margin, loaded, regenerate, rounded, run, stored  # noqa: E402

SEEDS = {"llama-ropescaled": 23, "qwen3-tied": 7, "qwen3-untied-bf16-sharded": 19}


class Rule:
    """What a case feeds the head at each position, and what the trunk sees."""

    def __init__(self, case: dict):
        self.prompt, self.cycle = len(case["prompt"]), case["cycle"]
        self.is_absolute = case["phase"] == "absolute"
        self.input = case.get("prompt_input", "masked" if self.is_absolute else "trunk")
        self.is_shadow = case.get("history", "real") == "shadow"
        self.is_refreshed = case.get("head_history", "kept") == "refreshed"
        self.window, self.sinks = case["window"], case["sinks"]

    def head_input(self, position: int, last: int) -> str:
        """T, ET (E + T) or E, for the logits at `last`."""
        if self.cycle == 0:
            return "T"
        if position < self.prompt and not self.is_absolute:
            return {"trunk": "T", "sum": "ET"}[self.input]
        if self.is_refreshed:
            start = last - (last - self.prompt) % self.cycle
            return "T" if position <= start else "E"
        counted = position if self.is_absolute else position - self.prompt
        return "ET" if counted % self.cycle == 0 else "E"

    def trunk_sees(self, position: int, last: int) -> bool:
        return not self.is_shadow or position < self.prompt or self.head_input(position, last) != "E"

    def masks(self, length: int) -> tuple[torch.Tensor, torch.Tensor]:
        """What the trunk's queries see, and the head's: [length, length]."""
        query, key = torch.arange(length)[:, None], torch.arange(length)[None]
        visible = key <= query
        if self.window:
            visible &= (key < self.sinks) | (key > query - self.window)
        seen = torch.tensor([self.trunk_sees(position, length - 1) for position in range(length)])
        # The output of a token that the trunk does not see is never used; it sees itself so that its softmax is not empty.
        return visible & (seen[None] | (key == query)), visible


@torch.no_grad()
def logits(model: PreTrainedModel, head_layers: int, rule: Rule, ids: list[int]) -> torch.Tensor:
    """[length, vocabulary]; under refreshed head history only the last row counts."""
    stack, length = model.model, len(ids)
    trunk_mask, head_mask = rule.masks(length)
    embedded = stack.embed_tokens(torch.tensor([ids]))
    trunk = run(model, stack.layers[:-head_layers], embedded, trunk_mask)
    rows = {"T": trunk, "E": embedded, "ET": embedded + trunk}
    fed = torch.stack([rows[rule.head_input(position, length - 1)][0, position] for position in range(length)])[None]
    return model.lm_head(stack.norm(run(model, stack.layers[-head_layers:], fed, head_mask)))[0]


def answered(model: PreTrainedModel, head_layers: int, case: dict) -> dict:
    prompt = case["prompt"]

    def answer_logits(ids: list[int]) -> torch.Tensor:
        rule, first = Rule(case), len(prompt)
        if not rule.is_refreshed:
            return logits(model, head_layers, rule, ids)[first - 1 :]
        return torch.stack([logits(model, head_layers, rule, ids[:end])[-1] for end in range(first, len(ids) + 1)])

    tokens, rows = greedy(answer_logits, prompt, case["tokens"])
    answer = {"tokens": tokens, "min_margin": least_margin(rows), "last_logits": rounded(rows[-1])}
    if "vanilla_choice" in case:
        vanilla = logits(model, head_layers, Rule(case | {"cycle": 0}), prompt + tokens)
        answer["vanilla_choice"] = vanilla[len(prompt) - 1 : -1].argmax(-1).tolist()
    return case | answer


@torch.no_grad()
def drawn(folder: Path, seed: int) -> dict[str, torch.Tensor]:
    """A checkpoint's tensors: norms uniform in 0.6 … 1.4, matrices normal with deviation 0.7 / √columns."""
    torch.manual_seed(seed)
    model = empty(folder)  # which draws weights of its own first
    for one in model.parameters():
        one.uniform_(0.6, 1.4) if one.dim() == 1 else one.normal_(0, 0.7 / one.shape[1] ** 0.5)
    stored_type = getattr(torch, fields(folder)["torch_dtype"])
    return {name: one.to(stored_type) for name, one in model.named_parameters()}


def write(folder: Path, state: dict[str, torch.Tensor]) -> None:
    """In the files that the index names, or in one."""
    index = folder / "model.safetensors.index.json"
    files = json.loads(index.read_text())["weight_map"] if index.exists() else dict.fromkeys(state, "model.safetensors")
    for file in set(files.values()):
        save_file({name: state[name] for name in files if files[name] == file}, folder / file, metadata={"format": "pt"})


def main() -> int:
    check, are_same = is_check(__doc__), True
    for name, seed in SEEDS.items():
        folder = Path(__file__).resolve().parent / name
        old, new = stored(folder), drawn(folder, seed)
        same = old.keys() == new.keys() and all(torch.equal(old[key], new[key]) for key in old)
        print(f"{name}: {len(new)} tensors, {'the same bits' if same else 'NOT the same'}", flush=True)
        if not check:
            write(folder, new)
        are_same &= same
        model, head_layers = loaded(folder), fields(folder)["num_decoding_layers"]
        for path in sorted(folder.glob("*.json")):
            if path.name in ("cases.json", "rules.json", "refreshed.json"):
                are_same &= regenerate(path, lambda case: answered(model, head_layers, case), check)
    return 1 if check and not are_same else 0


if __name__ == "__main__":
    sys.exit(main())
