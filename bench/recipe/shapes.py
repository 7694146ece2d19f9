#!/usr/bin/env python3
"""Fine-tunes random checkpoints in the shapes of real models for a few steps, and loads the results in volley.

    make build recipe
    weights/recipe/.venv/bin/python bench/recipe/shapes.py --scratch /tmp/shapes

Prints each one's peak memory and tokens per second, as logged by the recipe. Needs 16 GB of memory and 15 GB of disk.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RECIPE = ROOT / "weights" / "recipe"


def smollm2():
    from transformers import LlamaConfig, LlamaForCausalLM

    return LlamaForCausalLM(
        LlamaConfig(
            vocab_size=49152, hidden_size=576, intermediate_size=1536, num_hidden_layers=30, num_attention_heads=9,
            num_key_value_heads=3, max_position_embeddings=8192, rope_theta=100000.0, rms_norm_eps=1e-5,
            tie_word_embeddings=True, bos_token_id=1, eos_token_id=2,
        )
    )  # fmt: skip


def qwen3_06b():
    from transformers import Qwen3Config, Qwen3ForCausalLM

    return Qwen3ForCausalLM(
        Qwen3Config(
            vocab_size=151936, hidden_size=1024, intermediate_size=3072, num_hidden_layers=28, num_attention_heads=16,
            num_key_value_heads=8, head_dim=128, max_position_embeddings=40960, rope_theta=1000000.0,
            tie_word_embeddings=True, bos_token_id=None, eos_token_id=2,
        )
    )  # fmt: skip


SHAPES = {"smollm2-135m": smollm2, "qwen3-0.6b": qwen3_06b}


def run(*command: object) -> int:
    """Runs the recipe and returns its peak memory in MiB."""
    environment = {**os.environ, "PYTHONPATH": str(RECIPE)}
    process = subprocess.Popen(
        [sys.executable, "-m", "recipe", *map(str, command)], env=environment, stdout=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        raise SystemExit(f"shapes: recipe {command[0]} failed")
    return usage.ru_maxrss // 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scratch", type=Path, required=True)
    parser.add_argument("--volley", default=ROOT / ".build/release/volley")
    parser.add_argument("--steps", type=int, default=4)
    parser.add_argument("--sequences", type=int, default=16)
    arguments = parser.parse_args()
    tokenizer = arguments.scratch / "tokenizer"
    run("tokenizer", "--out", tokenizer)
    print(f"{'shape':14} {'parameters':>12} {'peak memory':>12} {'tokens/s':>9}  volley, mtd 4")
    for name, make in SHAPES.items():
        base, tuned = arguments.scratch / name, arguments.scratch / f"{name}-mtd"
        shutil.rmtree(tuned, ignore_errors=True)
        model = make()
        count = model.num_parameters()
        model.save_pretrained(base)
        del model
        for file in tokenizer.iterdir():
            shutil.copy(file, base)
        peak = run("finetune", "--model", base, "--out", tuned, "--steps", arguments.steps,
                   "--sequences", arguments.sequences, "--learning-rate", "1e-5", "--factors", "off,2,3,4,6")  # fmt: skip
        rate = json.loads((tuned / "log.jsonl").read_text().splitlines()[-1])["tokens_per_second"]
        (tuned / "state.pt").unlink()
        command = [arguments.volley, "generate", "--model", tuned, "--mtd", "4", "--max-tokens", "16", "--ignore-eos", "--json", "a"]
        found = json.loads(subprocess.run(list(map(str, command)), check=True, capture_output=True).stdout)
        shown = f"{len(found['tokens'])} tokens, {found['stats']['trunk_passes']} trunk passes"
        print(f"{name:14} {count:12,} {peak:8,} MiB {rate:9,}  {shown}", flush=True)


if __name__ == "__main__":
    main()
