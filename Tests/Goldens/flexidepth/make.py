"""Answers the cases of this folder and of `../flexidepth-tanh-norm` anew, by full recomputation in PyTorch.

    cd weights/recipe && .venv/bin/python ../../Tests/Goldens/flexidepth/make.py           writes both `cases.json`
    cd weights/recipe && .venv/bin/python ../../Tests/Goldens/flexidepth/make.py --check   compares with the committed ones

The rule is FlexiDepth's (docs/layer-skipping.md), written here without the recipe's layers, which are tested against these cases.
Both ways of a routed layer are computed for every token, in float32. `mask` says which routed layers each position ran, `gates`
what their routers gave; both have an entry for each position that was fed, so not for the last token. Logits are the first eight
that gave the first and the last token.

The checkpoints are given. Their routers' heads were fitted so that gates scatter around 1/2, and how is not recorded. All else
was drawn from seed 11 here (13 there): embeddings, final norm, `lm_head`, then layer by layer in the order of a layer's
computation, router and adapter last.
"""

import sys
from pathlib import Path

import torch
import torch.nn.functional as F
from transformers import PreTrainedModel

FOLDER = Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER.parent))
from reference import fields, greedy, is_check, least_margin, loaded, regenerate, rounded, run, stored  # noqa: E402

THRESHOLD, LOGITS = 0.5, 8


class RoutedLayer(torch.nn.Module):
    """A plain layer, and the router and adapter that let a token skip it."""

    def __init__(self, layer: torch.nn.Module, weights: dict[str, torch.Tensor], is_tanh_first: bool, epsilon: float):
        super().__init__()
        self.layer, self.weights, self.is_tanh_first, self.epsilon = layer, weights, is_tanh_first, epsilon
        self.gates: torch.Tensor | None = None

    def linear(self, x: torch.Tensor, name: str) -> torch.Tensor:
        return F.linear(x, self.weights[name])

    def gate(self, normed: torch.Tensor) -> torch.Tensor:
        def norm(x: torch.Tensor) -> torch.Tensor:
            return F.rms_norm(x, x.shape[-1:], self.weights["router.router_norm"], self.epsilon)

        narrow = self.linear(normed, "router.router_enc")
        narrow = norm(narrow.tanh()) if self.is_tanh_first else norm(narrow).tanh()
        return torch.sigmoid(self.linear(self.linear(narrow, "router.router_dec"), "router.router_head"))

    def adapted(self, normed: torch.Tensor) -> torch.Tensor:
        """`up_proj` is the adapter's output, `down_proj` the second of its inputs."""
        inner = F.silu(self.linear(normed, "router_proj.gate_proj")) * self.linear(normed, "router_proj.down_proj")
        return self.linear(inner, "router_proj.up_proj")

    def forward(self, x: torch.Tensor, **context: object) -> torch.Tensor:
        layer, normed = self.layer, self.layer.input_layernorm(x)
        gate = self.gate(normed)
        self.gates = gate[0, :, 0]
        attended = x + layer.self_attn(hidden_states=normed, **context)[0]
        ran = attended + gate * layer.mlp(layer.post_attention_layernorm(attended))
        skipped = x + (1 - gate) * self.adapted(layer.post_attention_layernorm(x))
        return torch.where(gate > THRESHOLD, ran, skipped)


def routed(folder: Path) -> PreTrainedModel:
    model, configuration, state = loaded(folder), fields(folder), stored(folder)
    for index in configuration["routing_layers"]:
        prefix = f"model.layers.{index}."
        weights = {
            name.removeprefix(prefix).removesuffix(".weight"): one.float()
            for name, one in state.items()
            if name.startswith(prefix + "router")
        }
        is_tanh_first = configuration.get("router_order", "norm_tanh") == "tanh_norm"
        model.model.layers[index] = RoutedLayer(
            model.model.layers[index], weights, is_tanh_first, configuration["rms_norm_eps"]
        )
    return model


@torch.no_grad()
def answered(model: PreTrainedModel, case: dict) -> dict:
    prompt, stack = case["prompt"], model.model

    def logits(ids: list[int]) -> torch.Tensor:
        visible = torch.ones(len(ids), len(ids), dtype=torch.bool).tril()
        hidden = run(model, stack.layers, stack.embed_tokens(torch.tensor([ids])), visible)
        return model.lm_head(stack.norm(hidden))[0, len(prompt) - 1 :]

    tokens, rows = greedy(logits, prompt, case["tokens"])
    routed_layers = [layer for layer in stack.layers if isinstance(layer, RoutedLayer)]
    gates = torch.stack([layer.gates for layer in routed_layers], dim=-1)[:-1]
    mask = (gates > THRESHOLD).int()
    return {
        "prompt": prompt, "tokens": tokens, "layers_used": (mask.sum(-1) + len(stack.layers) - mask.shape[-1]).tolist(),
        "mask": mask.tolist(), "gates": rounded(gates), "prefill_logits": rounded(rows[0, :LOGITS]),
        "last_logits": rounded(rows[-2, :LOGITS]), "min_margin": least_margin(rows),
        "min_gate_distance": round(float((gates - THRESHOLD).abs().min()), 6),
    }  # fmt: skip


def main() -> int:
    check, are_same = is_check(__doc__), True
    for folder in (FOLDER, FOLDER.parent / "flexidepth-tanh-norm"):
        model = routed(folder)
        are_same &= regenerate(folder / "cases.json", lambda case: answered(model, case), check)
    return 1 if check and not are_same else 0


if __name__ == "__main__":
    sys.exit(main())
