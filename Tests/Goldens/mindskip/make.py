"""Writes the checkpoints and cases of this folder and of `../mixture-of-depths`, by the recipe's layers in PyTorch.

Run it with the recipe's Python: `cd weights/recipe && .venv/bin/python ../../Tests/Goldens/mindskip/make.py`. Weights are random
and stored in bfloat16; tokens are greedy, by full recomputation in float32, and those whose logits or gates come near a tie
are not taken. `mask` says what part of each routed layer ran, by position.
"""

import json
import sys
from pathlib import Path

import torch
from safetensors.torch import save_file
from transformers import AutoConfig, AutoModelForCausalLM

GOLDENS = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(GOLDENS.parents[1] / "weights/recipe"))
from recipe import routing  # noqa: E402

VOCABULARY, CASES, TOKENS = 320, 6, 24
LOGIT_MARGIN, GATE_MARGIN = 2e-3, 1e-3


def routed(kind: str, layers: tuple[int, ...], method: str, seed: int):
    torch.manual_seed(seed)
    config = AutoConfig.for_model(
        kind, vocab_size=VOCABULARY, hidden_size=64, intermediate_size=96, num_hidden_layers=8, num_attention_heads=4,
        num_key_value_heads=2, head_dim=16, max_position_embeddings=4096, rope_theta=10000.0, tie_word_embeddings=True,
        bos_token_id=1, eos_token_id=2, initializer_range=0.1,
    )  # fmt: skip
    model = AutoModelForCausalLM.from_config(config, dtype=torch.float32)
    chosen = routing.Routing(layers, 4, 4, method=method)
    routing.route(model, chosen)
    state = model.state_dict()
    for name, one in state.items():
        if one.dim() == 1:
            one.uniform_(0.7, 1.3)
        elif "router" in name:
            one.normal_(std=0.15)
        one.copy_(one.bfloat16())
    return model.eval(), config.to_dict() | {"torch_dtype": "bfloat16"} | chosen.fields()


@torch.no_grad()
def case(model, prompt: list[int]) -> dict | None:
    tokens, logits, margins, distances = [], [], [], []
    for _ in range(TOKENS):
        gates = []
        hooks = [module.register_forward_hook(lambda _, __, gate: gates.append(gate))
                 for module in model.modules() if isinstance(module, routing.Gate)]
        logits.append(model(torch.tensor([prompt + tokens]), use_cache=False).logits[0, -1])
        for hook in hooks:
            hook.remove()
        best = logits[-1].topk(2)
        margins.append(float(best.values[0] - best.values[1]))
        distances += [float((gate - routing.THRESHOLD).abs().min()) for gate in gates]
        tokens.append(int(best.indices[0]))
    if min(margins) < LOGIT_MARGIN or min(distances) < GATE_MARGIN or 2 in tokens:
        return None
    used = torch.stack([layer.used[0] for layer in routing.routed_layers(model)], dim=-1)
    return {
        "prompt": prompt, "tokens": tokens, "mask": used.tolist(), "gates": routing.gates(model)[0].tolist(),
        "layers_used": routing.layers_used(model)[0].tolist(), "prefill_logits": logits[0][:8].tolist(),
        "last_logits": logits[-1][:8].tolist(), "min_margin": min(margins), "min_gate_distance": min(distances),
    }  # fmt: skip


def write(name: str, kind: str, layers: tuple[int, ...], method: str, seed: int) -> None:
    model, fields = routed(kind, layers, method, seed)
    generator, cases = torch.Generator().manual_seed(seed), []
    while len(cases) < CASES:
        length = int(torch.randint(1, 40, (), generator=generator))
        found = case(model, torch.randint(3, VOCABULARY, (length,), generator=generator).tolist())
        cases += [found] if found else []
    shares = [share for one in cases for position in one["mask"] for share in position]
    print(name, {share: shares.count(share) for share in sorted(set(shares))}, min(one["min_gate_distance"] for one in cases))
    (GOLDENS / name / "config.json").write_text(json.dumps(fields, indent=1))
    (GOLDENS / name / "cases.json").write_text(json.dumps(cases) + "\n")
    state = {name: one.bfloat16() for name, one in model.state_dict().items() if name != "lm_head.weight"}
    save_file(state, GOLDENS / name / "model.safetensors", metadata={"format": "pt"})


write("mindskip", "qwen3", (2, 4, 5, 6, 7), "mindskip", 11)
write("mixture-of-depths", "llama", (1, 3, 4, 5, 7), "mixture_of_depths", 12)
