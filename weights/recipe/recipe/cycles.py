"""Direct Multi-Token Decoding in one pass over whole sequences ("cyclical masking").

A cycle runs the trunk once and the head τ times. Where the head runs without the trunk, its input is the token's embedding
E alone; at a cycle's first token it is E + T, T being the trunk's output there; where decoding is ordinary it is T. The trunk
sees every real token sooner or later, so that one causal pass of each gives what decoding cycle by cycle gives.
"""

from __future__ import annotations

import torch
from transformers import PreTrainedModel

from recipe.routing import Routing

VANILLA = 0
"""The factor that stands for ordinary decoding."""


def factor_name(factor: int) -> str:
    """The factor as the command line and the logs write it."""
    return "off" if factor == VANILLA else str(factor)


def places(
    length: int, answer_starts: torch.Tensor, factors: torch.Tensor, phase: str = "prompt"
) -> torch.Tensor:
    """Returns each position's place in its cycle, [sequences, length]; −1 where the head's input is T.

    Prompt phase counts cycles from the answer's start, absolute phase from position 0, prompt included.
    """
    positions = torch.arange(length, device=answer_starts.device).expand(len(answer_starts), -1)
    counted = positions if phase == "absolute" else positions - answer_starts[:, None]
    cycles = factors.clamp(min=1)[:, None]
    is_ordinary = (factors == VANILLA)[:, None] | (counted < 0)
    return torch.where(is_ordinary, -1, counted % cycles)


def head_input(embedded: torch.Tensor, trunk: torch.Tensor, place: torch.Tensor) -> torch.Tensor:
    """T at place −1, E + T at place 0, E at the others: [sequences, length, width]."""
    place = place[..., None]
    return torch.where(place < 0, trunk, torch.where(place == 0, embedded + trunk, embedded))


class MaskedPass(torch.nn.Module):
    """The single pass as a module of its own, so that sharding and compiling see it whole."""

    def __init__(self, model: PreTrainedModel, head_layers: int, computation: torch.dtype = torch.float32):
        """`computation` is the type that products are computed in; weights stay as they are."""
        super().__init__()
        self.model, self.head_layers, self.computation = model, head_layers, computation

    @property
    def routing(self) -> Routing | None:
        """Which layers tokens may skip, if any."""
        return getattr(self.model, "routing", None)

    def forward(self, ids: torch.Tensor, place: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
        """Returns float32 logits, [tokens, vocabulary], of the positions that `wanted`, [sequences, length], marks."""
        # Weights stay in float32, or small steps would be lost to rounding.
        with torch.autocast(ids.device.type, self.computation, enabled=self.computation != torch.float32):
            return self.model.lm_head(hidden_states(self.model, ids, place, self.head_layers)[wanted]).float()

    def compile_layers(self) -> None:
        """Fuses what lies between the matrices, which at small widths is most of a step; wants a C++ compiler."""
        torch._dynamo.config.recompile_limit = 64  # passes have many shapes, and what is not compiled is slow in silence
        for layer in self.model.model.layers:
            layer.compile(dynamic=True)

    def freeze_trunk(self) -> None:
        """Leaves the head to be trained: the trunk's layers and the embedding stay as they are."""
        for part in (self.model.model.embed_tokens, *self.model.model.layers[: -self.head_layers]):
            part.requires_grad_(False)


def hidden_states(model: PreTrainedModel, ids: torch.Tensor, place: torch.Tensor, head_layers: int) -> torch.Tensor:
    """Returns what `lm_head` is fed, [sequences, length, width], for sequences padded on the right.

    `model` is Hugging Face's own Qwen3 (or another stack of the same shape).
    """
    stack = model.model
    trunk_layers = len(stack.layers) - head_layers
    positions = torch.arange(ids.shape[1], device=ids.device)[None]
    embedded = stack.embed_tokens(ids)
    rotary = stack.rotary_emb(embedded, positions)

    def run(layers: torch.nn.ModuleList, hidden: torch.Tensor) -> torch.Tensor:
        for layer in layers:
            hidden = layer(hidden, attention_mask=None, position_ids=positions, position_embeddings=rotary)
        return hidden

    trunk = run(stack.layers[:trunk_layers], embedded)
    head = run(stack.layers[trunk_layers:], head_input(embedded, trunk, place))
    return stack.norm(head)
