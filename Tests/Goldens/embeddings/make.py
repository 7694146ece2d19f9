"""Computes the embeddings in small.json and smollm2.json with transformers, in float32.

    python make.py                            writes small.json
    python make.py --smollm2 MODEL.gguf       writes smollm2.json

Each case has a prompt's `ids`, and two embeddings of length 1: `mean` of the hidden states after the final norm over all
positions, and `last`, the last position's. Needs torch and transformers; the GGUF file also needs gguf and accelerate.
"""

import argparse
import json
import random
from collections.abc import Iterator
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

HERE = Path(__file__).parent
SMALL = ("qwen3-tied", "llama-ropescaled")
TEXTS = (
    "The capital of France is Paris.",
    "A cat sleeps in the sun.",
    "def total(prices):\n    return sum(prices)",
)


def load(directory: Path, **options) -> torch.nn.Module:
    return AutoModelForCausalLM.from_pretrained(
        str(directory), dtype=torch.float32, attn_implementation="eager", **options
    ).eval()


@torch.inference_mode()
def embeddings(model: torch.nn.Module, ids: list[int]) -> dict:
    states = model.model(torch.tensor([ids]), use_cache=False).last_hidden_state[0]
    pooled = {"mean": states.mean(0), "last": states[-1]}
    return {name: [round(value, 7) for value in (row / row.norm()).tolist()] for name, row in pooled.items()}


def small_cases() -> Iterator[dict]:
    generator = random.Random(1)
    for name in SMALL:
        model = load(HERE.parent / "dmtd" / name)
        for count in (1, 7, 40):
            ids = [generator.randrange(model.config.vocab_size) for _ in range(count)]
            yield {"model": name, "ids": ids} | embeddings(model, ids)


def smollm2_cases(path: Path) -> Iterator[dict]:
    tokenizer = AutoTokenizer.from_pretrained(str(path.parent), gguf_file=path.name)
    model = load(path.parent, gguf_file=path.name)
    for text in TEXTS:
        ids = tokenizer(text, add_special_tokens=False).input_ids
        yield {"text": text, "ids": ids} | embeddings(model, ids)


def write(name: str, cases: list[dict]) -> None:
    (HERE / name).write_text("[\n" + ",\n".join(json.dumps(case) for case in cases) + "\n]\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--smollm2", type=Path, metavar="MODEL.gguf")
    path = parser.parse_args().smollm2
    if path:
        write("smollm2.json", list(smollm2_cases(path)))
    else:
        write("small.json", list(small_cases()))


if __name__ == "__main__":
    main()
