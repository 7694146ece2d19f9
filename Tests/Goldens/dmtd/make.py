"""Computes the answers of every case in cases.json and rules.json anew, by full recomputation in PyTorch.

    python make.py            compares with what the files hold
    python make.py --write    writes it

A case asks for greedy tokens after `prompt` with cycles of `cycle` tokens (0: vanilla), EOS ignored. Each next token comes from
one teacher-forced pass over everything so far, in float32: the trunk under its mask, then the head over T, E + T or E. No keys
and values are kept, so that nothing here resembles the runtime's caches. Needs torch and transformers.
"""

import argparse
import json
import sys
from pathlib import Path

import torch
from transformers import AutoConfig, AutoModelForCausalLM

TOLERANCE = 1e-3
MODELS = ("llama-ropescaled", "qwen3-tied", "qwen3-untied-bf16-sharded")


class Rule:
    """A case's function of positions."""

    def __init__(self, case: dict):
        self.prompt, self.cycle = len(case["prompt"]), case["cycle"]
        self.is_absolute = case["phase"] == "absolute"
        self.input = case.get("prompt_input", "masked" if self.is_absolute else "trunk")
        self.is_shadow = case.get("history", "real") == "shadow"
        self.window, self.sinks = case["window"], case["sinks"]

    def head_input(self, position: int) -> str:
        """T, ET (E + T) or E."""
        if self.cycle == 0:
            return "T"
        if position < self.prompt and not self.is_absolute:
            return {"trunk": "T", "sum": "ET"}[self.input]
        counted = position if self.is_absolute else position - self.prompt
        return "ET" if counted % self.cycle == 0 else "E"

    def trunk_sees(self, position: int) -> bool:
        return not self.is_shadow or position < self.prompt or self.head_input(position) != "E"

    def masks(self, length: int) -> tuple[torch.Tensor, torch.Tensor]:
        """What the trunk's queries see, and the head's: [length, length]."""
        query, key = torch.arange(length)[:, None], torch.arange(length)[None]
        visible = key <= query
        if self.window:
            visible &= (key < self.sinks) | (key > query - self.window)
        seen = torch.tensor([self.trunk_sees(position) for position in range(length)])
        # The output of a token that the trunk does not see is never used; it sees itself so that its softmax is not empty.
        return visible & (seen[None] | (key == query)), visible


@torch.no_grad()
def last_logits(model: torch.nn.Module, head_layers: int, ids: list[int], rule: Rule) -> torch.Tensor:
    stack, length = model.model, len(ids)
    positions = torch.arange(length)[None]
    embedded = stack.embed_tokens(torch.tensor([ids]))
    rotary = stack.rotary_emb(embedded, positions)

    def run(layers: torch.nn.ModuleList, hidden: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        for layer in layers:
            hidden = layer(
                hidden, attention_mask=mask[None, None], position_ids=positions, position_embeddings=rotary
            )
        return hidden

    trunk_mask, head_mask = rule.masks(length)
    trunk = run(stack.layers[:-head_layers], embedded, trunk_mask)
    rows = {"T": trunk, "E": embedded, "ET": embedded + trunk}
    fed = torch.stack([rows[rule.head_input(position)][0, position] for position in range(length)])[None]
    return model.lm_head(stack.norm(run(stack.layers[-head_layers:], fed, head_mask))[0, -1])


def answered(model: torch.nn.Module, head_layers: int, case: dict) -> dict:
    rule, ids, margin = Rule(case), list(case["prompt"]), float("inf")
    for _ in case["tokens"]:
        logits = last_logits(model, head_layers, ids, rule)
        best, second = logits.topk(2).values.tolist()
        margin = min(margin, best - second)
        ids.append(int(logits.argmax()))
    logits = last_logits(model, head_layers, ids, rule)
    return case | {
        "tokens": ids[rule.prompt :],
        "min_margin": round(margin, 6),
        "last_logits": [round(value, 6) for value in logits.tolist()],
    }


def difference(old: dict, new: dict) -> float:
    if old["tokens"] != new["tokens"]:
        return float("inf")
    pairs = zip([old["min_margin"], *old["last_logits"]], [new["min_margin"], *new["last_logits"]])
    return max(abs(one - other) for one, other in pairs)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true")
    arguments, failures = parser.parse_args(), 0
    for name in MODELS:
        directory = Path(__file__).parent / name
        head_layers = json.loads((directory / "config.json").read_text())["num_decoding_layers"]
        configuration = AutoConfig.from_pretrained(directory)
        model = AutoModelForCausalLM.from_pretrained(
            directory, config=configuration, dtype=torch.float32, attn_implementation="sdpa"
        ).eval()
        for path in (directory / "cases.json", directory / "rules.json"):
            cases = json.loads(path.read_text())
            found = [answered(model, head_layers, case) for case in cases]
            largest = max(map(difference, cases, found))
            failures += largest > TOLERANCE
            print(f"{name}/{path.name}: {len(cases)} cases, largest difference {largest:.2g}", flush=True)
            if arguments.write:
                path.write_text(json.dumps(found) + "\n")
    return 1 if failures and not arguments.write else 0


if __name__ == "__main__":
    sys.exit(main())
