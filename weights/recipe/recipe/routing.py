"""FlexiDepth (Luo, Wang, Yan, arXiv 2503.23798): layers that each token may skip.

A router reads what the layer's attention would read and gives the token a gate g. Above 1/2 the token runs the layer, its MLP
scaled by g; else a narrow adapter stands in for the layer, scaled by 1 - g. Keys and values are made from every token, so that
later ones can attend to it. The decision itself has no gradient: the factors g and 1 - g carry it to the router.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch.nn import Linear, Module
from transformers import PreTrainedModel

THRESHOLD = 0.5
ORDERS = ("norm_tanh", "tanh_norm")
"""What the router does first to its narrow vector: the norm, as the authors' checkpoint is said to, or tanh, as their paper prints."""


@dataclass(frozen=True)
class Routing:
    """Which layers are routed and how narrow their additions are, by the authors' fields of `config.json`."""

    routing_layers: tuple[int, ...]
    router_reduction_factor: int
    proj_reduction_factor: int
    router_order: str = "norm_tanh"

    @staticmethod
    def of(configuration: dict) -> Routing | None:
        """What a checkpoint's configuration says, with the authors' defaults; None where no layer is routed."""
        if "routing_layers" not in configuration:
            return None
        router = configuration.get("router_reduction_factor", 16)
        adapter = configuration.get("proj_reduction_factor", router)
        return Routing(tuple(configuration["routing_layers"]), router, adapter, configuration.get("router_order", ORDERS[0]))

    def fields(self) -> dict[str, object]:
        return {**self.__dict__, "routing_layers": list(self.routing_layers)}


class Router(Module):
    """From a token's normed input, [..., width], to its gate, [..., 1]."""

    def __init__(self, width: int, reduced: int, order: str, epsilon: float):
        super().__init__()
        if order not in ORDERS:
            raise SystemExit(f"recipe: router_order is {order!r}; it must be one of {', '.join(ORDERS)}")
        self.order = order
        self.router_enc = Linear(width, reduced, bias=False)
        self.router_norm = torch.nn.RMSNorm(reduced, eps=epsilon)
        self.router_dec = Linear(reduced, width, bias=False)
        self.router_head = Linear(width, 1, bias=False)
        # Only training lifts the gates, see `lift_gates`.
        self.register_buffer("lift", torch.zeros(()), persistent=False)

    def forward(self, normed: torch.Tensor) -> torch.Tensor:
        # In float32 whatever the rest is computed in: near 1/2, rounding would decide.
        with torch.autocast(normed.device.type, enabled=False):
            return torch.sigmoid(self.router_head(self.router_dec(self.narrow(normed.float()))) + self.lift)

    def narrow(self, normed: torch.Tensor) -> torch.Tensor:
        narrow = self.router_enc(normed)
        return self.router_norm(narrow.tanh()) if self.order == "tanh_norm" else self.router_norm(narrow).tanh()


class Adapter(Module):
    """The MLP of a token that skips. The names are the authors': `down_proj` is the second input branch, `up_proj` the output."""

    def __init__(self, width: int, inner: int):
        super().__init__()
        self.gate_proj = Linear(width, inner, bias=False)
        self.down_proj = Linear(width, inner, bias=False)
        self.up_proj = Linear(inner, width, bias=False)

    def forward(self, normed: torch.Tensor) -> torch.Tensor:
        return self.up_proj(F.silu(self.gate_proj(normed)) * self.down_proj(normed))


class RoutedLayer(Module):
    """A layer of Hugging Face's Llama or Qwen3 with router and adapter, called as that layer is."""

    gates: torch.Tensor
    """Of the last pass: [sequences, length]."""

    def __init__(self, layer: Module, width: int, inner: int, routing: Routing, epsilon: float):
        super().__init__()
        self.self_attn, self.mlp = layer.self_attn, layer.mlp
        self.input_layernorm, self.post_attention_layernorm = layer.input_layernorm, layer.post_attention_layernorm
        self.router = Router(width, width // routing.router_reduction_factor, routing.router_order, epsilon)
        self.router_proj = Adapter(width, inner // routing.proj_reduction_factor)

    def forward(self, hidden: torch.Tensor, **context: object) -> torch.Tensor:
        normed = self.input_layernorm(hidden)
        gate = self.router(normed)
        attended = hidden + self.self_attn(hidden_states=normed, **context)[0]
        ran = attended + gate * self.mlp(self.post_attention_layernorm(attended))
        skipped = hidden + (1 - gate) * self.router_proj(self.post_attention_layernorm(hidden))
        self.gates = gate[..., 0]
        chosen = torch.where(gate > THRESHOLD, ran, skipped)
        # Adds nothing but the decision's gradient: what running would change against skipping, whichever was chosen.
        return chosen + (gate - gate.detach()) * (ran - skipped).detach() if self.training else chosen


def route(model: PreTrainedModel, routing: Routing) -> None:
    """Gives layers a router and an adapter, with random weights. The rest of the model keeps its weights and names."""
    config, layers = model.config, model.model.layers
    outside = [index for index in routing.routing_layers if index not in range(len(layers))]
    if outside or not routing.routing_layers:
        raise SystemExit(f"recipe: routing_layers names {outside or 'no layer'}; the model's layers are 0 to {len(layers) - 1}")
    for index in routing.routing_layers:
        old = layers[index]
        new = RoutedLayer(old, config.hidden_size, config.intermediate_size, routing, config.rms_norm_eps)
        for part in (new.router, new.router_proj):
            for linear in (one for one in part.modules() if isinstance(one, Linear)):
                torch.nn.init.normal_(linear.weight, std=config.initializer_range)
            part.to(old.input_layernorm.weight)
        layers[index] = new
    model.routing = routing


def routed_layers(model: PreTrainedModel) -> list[RoutedLayer]:
    return [layer for layer in model.model.layers if isinstance(layer, RoutedLayer)]


def gates(model: PreTrainedModel) -> torch.Tensor:
    """The last pass's gates: [sequences, length, routed layers]."""
    return torch.stack([layer.gates for layer in routed_layers(model)], dim=-1)


def layers_used(model: PreTrainedModel) -> torch.Tensor:
    """How many layers each token of the last pass ran, the ones that are not routed included: [sequences, length]."""
    found = gates(model)
    return len(model.model.layers) - found.shape[-1] + (found > THRESHOLD).sum(-1)


def skip_losses(model: PreTrainedModel) -> torch.Tensor:
    """The square of each token's summed gates, [sequences, length]: depth costs the more, the deeper a token goes."""
    return gates(model).sum(-1).square()


def train_routers_alone(model: PreTrainedModel) -> None:
    """Freezes all but what routing added: the parameters with `router` in their names."""
    for name, one in model.named_parameters():
        one.requires_grad_("router" in name)


def lift_gates(model: PreTrainedModel, logit: float) -> None:
    """Adds `logit` to what every router says, until this is called again.

    Random routers would let half of the tokens skip at once, over adapters that know nothing. Training begins lifted, so that
    all tokens run, and lets the gates down bit by bit.
    """
    for layer in routed_layers(model):
        layer.router.lift.fill_(logit)
