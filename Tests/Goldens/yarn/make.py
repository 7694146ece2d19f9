"""Writes this folder's checkpoint, cases and frequencies, by transformers' Qwen3 in float32.

Run it with the recipe's Python: `cd weights/recipe && .venv/bin/python ../../Tests/Goldens/yarn/make.py`. Weights are random and
stored in bfloat16. Each variant of `rope_scaling` runs over the same weights: `cases.json` holds greedy tokens by full
recomputation, vanilla and in cycles with the last two layers as the head, with and without a window; prompts whose logits
come near a tie are not taken. `frequencies.json` holds what transformers computes for each variant, and for Qwen3's own way
to 131,072 tokens.
"""

import json
from pathlib import Path

import torch
from safetensors.torch import save_file
from transformers import Qwen3Config, Qwen3ForCausalLM
from transformers.models.qwen3.modeling_qwen3 import Qwen3RotaryEmbedding

FOLDER = Path(__file__).resolve().parent
SIZES = dict(
    vocab_size=160, hidden_size=32, intermediate_size=48, num_hidden_layers=5, num_attention_heads=2,
    num_key_value_heads=1, head_dim=32, max_position_embeddings=160, tie_word_embeddings=True, bos_token_id=1,
    eos_token_id=2, initializer_range=0.2,
)  # fmt: skip
HEAD_LAYERS, TOKENS, MARGIN = 2, 12, 2e-3
VARIANTS = {
    "plain": {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 128},
    "betas": {
        "rope_type": "yarn", "factor": 3.0, "original_max_position_embeddings": 64, "attention_factor": 0.9,
        "beta_fast": 8, "beta_slow": 2,
    },
    "mscale": {
        "rope_type": "yarn", "factor": 2.5, "original_max_position_embeddings": 128, "mscale": 0.707,
        "mscale_all_dim": 1.0, "truncate": False,
    },
    "no original": {"type": "yarn", "factor": 2.0},
}  # fmt: skip
# prompt length, factor (0 is vanilla), window (0 is none), sinks
SHAPES = [(140, 0, 0, 0), (5, 0, 0, 0), (90, 4, 0, 0), (70, 3, 24, 2), (120, 0, 16, 0)]


def parameters(variant: dict, theta: float) -> dict:
    return variant | {"rope_theta": theta}


def mask(count: int, window: int, sinks: int) -> torch.Tensor:
    query, key = torch.arange(count)[:, None], torch.arange(count)[None, :]
    seen = key <= query
    if window:
        seen &= (key < sinks) | (key > query - window)
    return torch.where(seen, 0.0, torch.finfo(torch.float32).min)[None, None]


@torch.no_grad()
def logits(model: Qwen3ForCausalLM, tokens: list[int], prompt: int, cycle: int, window: int, sinks: int) -> torch.Tensor:
    embedding = model.model.embed_tokens(torch.tensor([tokens]))
    angles = model.model.rotary_emb(embedding, torch.arange(len(tokens))[None])
    visible = mask(len(tokens), window, sinks)
    hidden = embedding
    for index, layer in enumerate(model.model.layers):
        if index == len(model.model.layers) - HEAD_LAYERS and cycle:
            for position in range(prompt, len(tokens)):
                is_first = (position - prompt) % cycle == 0
                hidden[0, position] = embedding[0, position] + (hidden[0, position] if is_first else 0)
        hidden = layer(hidden, attention_mask=visible, position_embeddings=angles)
    return model.lm_head(model.model.norm(hidden[:, -1]))[0]


def case(model: Qwen3ForCausalLM, prompt: list[int], cycle: int, window: int, sinks: int) -> dict | None:
    tokens = list(prompt)
    for _ in range(TOKENS):
        best = logits(model, tokens, len(prompt), cycle, window, sinks).topk(2)
        if best.values[0] - best.values[1] < MARGIN:
            return None
        tokens.append(int(best.indices[0]))
    last = logits(model, tokens, len(prompt), cycle, window, sinks)
    return {
        "prompt": prompt, "cycle": cycle, "phase": "prompt", "window": window, "sinks": sinks,
        "tokens": tokens[len(prompt) :], "last_logits": last.tolist(),
    }  # fmt: skip


def frequencies(sizes: dict, rope: dict) -> dict:
    embedding = Qwen3RotaryEmbedding(Qwen3Config(**sizes, rope_parameters=dict(rope)))
    return {"rope": rope, "frequencies": embedding.inv_freq.tolist(), "attention_factor": embedding.attention_scaling}


def main() -> None:
    torch.manual_seed(7)
    config = Qwen3Config(**SIZES, rope_parameters=parameters(VARIANTS["plain"], 10000.0), attn_implementation="eager")
    model = Qwen3ForCausalLM(config).float().eval()
    for parameter in model.parameters():
        if parameter.dim() == 1:
            parameter.data.uniform_(0.7, 1.3)
        parameter.data.copy_(parameter.data.bfloat16())
    state = {name: one.bfloat16().clone() for name, one in model.state_dict().items() if name != "lm_head.weight"}
    save_file(state, FOLDER / "model.safetensors", metadata={"format": "pt"})
    (FOLDER / "config.json").write_text(json.dumps(config.to_dict() | {"dtype": "bfloat16"}, indent=1) + "\n")

    generator, found = torch.Generator().manual_seed(8), []
    tables = {"qwen3": frequencies(
        dict(hidden_size=1024, num_attention_heads=16, head_dim=128, max_position_embeddings=40960),
        parameters({"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 32768}, 1e6))}  # fmt: skip
    for name, variant in VARIANTS.items():
        rope = parameters(variant, 10000.0)
        model.config.rope_parameters = dict(rope)
        model.model.rotary_emb = Qwen3RotaryEmbedding(Qwen3Config(**SIZES, rope_parameters=dict(rope)))
        tables[name] = frequencies(SIZES, rope)
        cases = []
        for length, *rest in SHAPES:
            one = None
            while one is None:
                one = case(model, torch.randint(3, 160, (length,), generator=generator).tolist(), *rest)
            cases.append(one)
        found.append({"name": name, "rope": variant, "cases": cases})
    (FOLDER / "cases.json").write_text(json.dumps(found) + "\n")
    (FOLDER / "frequencies.json").write_text(json.dumps(tables) + "\n")


main()
