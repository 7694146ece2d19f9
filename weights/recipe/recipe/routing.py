"""FlexiDepth (Luo, Wang, Yan, arXiv 2503.23798): layers that each token may skip.

A router reads the input of the layer's attention and gives the token a gate g. If g > 1/2, the token runs the layer, with the MLP
scaled by g; otherwise a narrow adapter replaces the layer, scaled by 1 − g. Every token provides keys and values, so that later ones
can attend to it. The decision itself has no gradient; the factors g and 1 − g carry it to the router.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch.nn import Linear, Module
from transformers import PreTrainedModel

THRESHOLD = 0.5
ORDERS = ("norm_tanh", "tanh_norm")
"""The router's first operation on its narrow vector: the norm, as in the authors' checkpoint, or tanh, as in their paper."""


@dataclass(frozen=True)
class Routing:
    """The routed layers and the sizes of their additions, in the authors' fields of `config.json`."""

    routing_layers: tuple[int, ...]
    router_reduction_factor: int
    proj_reduction_factor: int
    router_order: str = "norm_tanh"
    method: str = "flexidepth"
    """One of `LAYERS`; `routing_method` in the configuration, absent for FlexiDepth. Other methods use neither reductions nor order."""
    capacity: float = 0.5
    """Mixture-of-depths: share of a sequence's tokens that runs a routed layer in training (`routing_capacity`)."""

    @staticmethod
    def of(configuration: dict) -> Routing | None:
        """Parses a checkpoint's configuration, with the authors' defaults; None if no layer is routed."""
        if "routing_layers" not in configuration:
            return None
        router = configuration.get("router_reduction_factor", 16)
        adapter = configuration.get("proj_reduction_factor", router)
        order, method = configuration.get("router_order", ORDERS[0]), configuration.get("routing_method", "flexidepth")
        capacity = configuration.get("routing_capacity", 0.5)
        return Routing(tuple(configuration["routing_layers"]), router, adapter, order, method, capacity)

    def fields(self) -> dict[str, object]:
        layers = list(self.routing_layers)
        if self.method != "flexidepth":
            own = {"routing_capacity": self.capacity} if self.method == "mixture_of_depths" else {}
            return {"routing_layers": layers, "routing_method": self.method, **own}
        return {
            "routing_layers": layers,
            "router_reduction_factor": self.router_reduction_factor,
            "proj_reduction_factor": self.proj_reduction_factor,
            "router_order": self.router_order,
        }


class Gate(Module):
    """Maps a token's normed input, [..., width], to its gate, [..., 1]."""

    def __init__(self):
        super().__init__()
        # Only training lifts the gates; see `lift_gates`.
        self.register_buffer("lift", torch.zeros(()), persistent=False)

    def logit(self, normed: torch.Tensor) -> torch.Tensor:
        raise NotImplementedError

    def forward(self, normed: torch.Tensor) -> torch.Tensor:
        # Always in float32: near 1/2, rounding would change the decision.
        with torch.autocast(normed.device.type, enabled=False):
            return torch.sigmoid(self.logit(normed.float()) + self.lift)


class Router(Gate):
    """FlexiDepth's gate."""

    def __init__(self, width: int, reduced: int, order: str, epsilon: float):
        super().__init__()
        if order not in ORDERS:
            raise SystemExit(f"recipe: router_order is {order!r}; it must be one of {', '.join(ORDERS)}")
        self.order = order
        self.router_enc = Linear(width, reduced, bias=False)
        self.router_norm = torch.nn.RMSNorm(reduced, eps=epsilon)
        self.router_dec = Linear(reduced, width, bias=False)
        self.router_head = Linear(width, 1, bias=False)

    def logit(self, normed: torch.Tensor) -> torch.Tensor:
        narrow = self.router_enc(normed)
        is_tanh_first = self.order == "tanh_norm"
        narrow = self.router_norm(narrow.tanh()) if is_tanh_first else self.router_norm(narrow).tanh()
        return self.router_head(self.router_dec(narrow))


class LinearGate(Gate):
    """The gate of MindSkip and mixture-of-depths: a single row."""

    def __init__(self, width: int):
        super().__init__()
        self.row = Linear(width, 1, bias=False)

    def logit(self, normed: torch.Tensor) -> torch.Tensor:
        return self.row(normed)


class Adapter(Module):
    """The MLP for skipping tokens. Names are the authors': `down_proj` is the second input branch, `up_proj` the output."""

    def __init__(self, width: int, inner: int):
        super().__init__()
        self.gate_proj = Linear(width, inner, bias=False)
        self.down_proj = Linear(width, inner, bias=False)
        self.up_proj = Linear(inner, width, bias=False)

    def forward(self, normed: torch.Tensor) -> torch.Tensor:
        return self.up_proj(F.silu(self.gate_proj(normed)) * self.down_proj(normed))


class SkippingLayer(Module):
    """A layer of Hugging Face's Llama or Qwen3 that tokens may skip. Called like the original layer."""

    gates: torch.Tensor
    """Gates of the last pass, [sequences, length]."""
    used: torch.Tensor
    """Share of the layer that ran in the last pass, [sequences, length]."""

    def __init__(self, layer: Module):
        super().__init__()
        self.self_attn, self.mlp = layer.self_attn, layer.mlp
        self.input_layernorm, self.post_attention_layernorm = layer.input_layernorm, layer.post_attention_layernorm


class RoutedLayer(SkippingLayer):
    """FlexiDepth: a router and an adapter."""

    def __init__(self, layer: Module, width: int, inner: int, routing: Routing, epsilon: float):
        super().__init__(layer)
        self.router = Router(width, width // routing.router_reduction_factor, routing.router_order, epsilon)
        self.router_proj = Adapter(width, inner // routing.proj_reduction_factor)

    def forward(self, hidden: torch.Tensor, **context: object) -> torch.Tensor:
        normed = self.input_layernorm(hidden)
        gate = self.router(normed)
        attended = hidden + self.self_attn(hidden_states=normed, **context)[0]
        ran = attended + gate * self.mlp(self.post_attention_layernorm(attended))
        skipped = hidden + (1 - gate) * self.router_proj(self.post_attention_layernorm(hidden))
        self.gates, self.used = gate[..., 0], (gate[..., 0] > THRESHOLD).float()
        chosen = torch.where(gate > THRESHOLD, ran, skipped)
        # Adds only the decision's gradient: the effect of running instead of skipping, whichever was chosen.
        return chosen + (gate - gate.detach()) * (ran - skipped).detach() if self.training else chosen


class MindSkipLayer(SkippingLayer):
    """Based on MindSkip (He et al., arXiv 2410.13184): separate gates for attention and MLP, which run or add nothing.

    Outputs are not scaled, every token provides keys and values, and each module counts as half a layer.
    """

    def __init__(self, layer: Module, width: int, inner: int, routing: Routing, epsilon: float):
        super().__init__(layer)
        self.attention_router, self.mlp_router = LinearGate(width), LinearGate(width)

    def forward(self, hidden: torch.Tensor, **context: object) -> torch.Tensor:
        normed = self.input_layernorm(hidden)
        first = self.attention_router(normed)
        hidden = hidden + decided(first) * self.self_attn(hidden_states=normed, **context)[0]
        normed = self.post_attention_layernorm(hidden)
        second = self.mlp_router(normed)
        pair = torch.cat([first, second], dim=-1)
        self.gates, self.used = pair.mean(dim=-1), (pair > THRESHOLD).float().mean(dim=-1)
        return hidden + decided(second) * self.mlp(normed)


class MixtureLayer(SkippingLayer):
    """Based on mixture-of-depths (Raposo et al., arXiv 2404.02258): in training, the tokens with the highest gates of a sequence run.

    That choice depends on later tokens, which a decoder cannot know. So the gates are also trained to exceed 1/2 for exactly these
    tokens, and outside training they decide by that. Three things differ from the paper: the router reads the layer's normed input, the
    layer's output is scaled by the gate rather than by its logit, and every token provides keys and values.
    """

    misjudged: torch.Tensor
    """Cross entropy between the last pass's gates and the tokens that ran, the method's auxiliary loss, [sequences, length]."""

    def __init__(self, layer: Module, width: int, inner: int, routing: Routing, epsilon: float):
        super().__init__(layer)
        self.router, self.capacity = LinearGate(width), routing.capacity

    def forward(self, hidden: torch.Tensor, **context: object) -> torch.Tensor:
        normed = self.input_layernorm(hidden)
        gate = self.router(normed)
        attended = hidden + self.self_attn(hidden_states=normed, **context)[0]
        ran = attended + self.mlp(self.post_attention_layernorm(attended))
        runs = self.among_widest(gate) if self.training else gate > THRESHOLD
        self.gates, self.used = gate[..., 0], runs[..., 0].float()
        self.misjudged = -torch.where(runs, gate, 1 - gate)[..., 0].clamp_min(1e-6).log()
        return torch.where(runs, hidden + gate * (ran - hidden), hidden)

    def among_widest(self, gate: torch.Tensor) -> torch.Tensor:
        """Selects the tokens with the highest gates. Padding competes too; there is little, because passes group similar lengths."""
        count = math.ceil(self.capacity * gate.shape[1])
        return gate >= gate.detach().topk(count, dim=1).values[:, -1:]


def decided(gate: torch.Tensor) -> torch.Tensor:
    """Returns 1 if the gate is open, else 0, with the gate's gradient (straight-through)."""
    return (gate > THRESHOLD).float() + (gate - gate.detach())


LAYERS: dict[str, type[SkippingLayer]] = {
    "flexidepth": RoutedLayer,
    "mindskip": MindSkipLayer,
    "mixture_of_depths": MixtureLayer,
}


def route(model: PreTrainedModel, routing: Routing) -> None:
    """Adds routing to layers, with random weights. The rest of the model keeps its weights and names."""
    config, layers = model.config, model.model.layers
    outside = [index for index in routing.routing_layers if index not in range(len(layers))]
    if outside or not routing.routing_layers:
        raise SystemExit(f"recipe: routing_layers names {outside or 'no layer'}; the model's layers are 0 to {len(layers) - 1}")
    for index in routing.routing_layers:
        old = layers[index]
        new = LAYERS[routing.method](old, config.hidden_size, config.intermediate_size, routing, config.rms_norm_eps)
        for name, one in new.named_parameters():
            if "router" in name and one.dim() > 1:
                torch.nn.init.normal_(one, std=config.initializer_range)
        layers[index] = new.to(old.input_layernorm.weight)
    model.routing = routing


def routed_layers(model: PreTrainedModel) -> list[SkippingLayer]:
    return [layer for layer in model.model.layers if isinstance(layer, SkippingLayer)]


def gates(model: PreTrainedModel) -> torch.Tensor:
    """Returns the last pass's gates, [sequences, length, routed layers]."""
    return torch.stack([layer.gates for layer in routed_layers(model)], dim=-1)


def layers_used(model: PreTrainedModel) -> torch.Tensor:
    """Returns the number of layers that each token of the last pass ran, including unrouted ones, [sequences, length]."""
    routed = routed_layers(model)
    return len(model.model.layers) - len(routed) + torch.stack([layer.used for layer in routed]).sum(dim=0)


def skip_losses(model: PreTrainedModel) -> torch.Tensor:
    """Returns the square of each token's summed gates, [sequences, length], so that each further layer costs more.

    If a capacity sets the depth, returns the gates' auxiliary loss instead.
    """
    layers = routed_layers(model)
    if isinstance(layers[0], MixtureLayer):
        return torch.stack([layer.misjudged for layer in layers]).sum(dim=0)
    return gates(model).sum(-1).square()


def train_routers_alone(model: PreTrainedModel) -> None:
    """Freezes everything except the additions of routing: the parameters with `router` in their names."""
    for name, one in model.named_parameters():
        one.requires_grad_("router" in name)


def lift_gates(model: PreTrainedModel, logit: float) -> None:
    """Adds `logit` to every router's output, until the next call.

    Random routers would let half of the tokens skip at once, over untrained adapters. So training starts lifted, with all tokens
    running, and lowers the gates gradually.
    """
    for gate in (module for module in model.modules() if isinstance(module, Gate)):
        gate.lift.fill_(logit)
