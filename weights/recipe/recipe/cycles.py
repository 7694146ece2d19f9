"""Direct Multi-Token Decoding in one pass over whole sequences ("cyclical masking").

A cycle runs the trunk once and the head τ times. Where the head runs without the trunk, its input is the token's embedding
E alone; at a cycle's first token it is E + T, T being the trunk's output there; where decoding is ordinary it is T. The trunk
sees every real token sooner or later, or by shadow history never those that cycles skip: one pass of each, causal or under
a mask, gives what decoding cycle by cycle gives.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from transformers import PreTrainedModel

from recipe.routing import Routing

VANILLA = 0
"""The factor that stands for ordinary decoding."""


def factor_name(factor: int) -> str:
    """The factor as the command line and the logs write it."""
    return "off" if factor == VANILLA else str(factor)


PROMPT_INPUTS = {"prompt": ("trunk", "sum"), "absolute": ("masked",)}
"""By phase, what the head may be fed at the prompt's positions: T, E + T, or what cycles from position 0 on say."""
HISTORIES = ("real", "shadow")


@dataclass(frozen=True)
class Rule:
    """Which function of the family is trained; `config.json` says so with fields of these names."""

    phase: str = "prompt"
    """From where cycles are counted: `prompt`, the answer's start, or `absolute`, position 0."""
    prompt_input: str = ""
    """Of `PROMPT_INPUTS`; empty for the first of the phase."""
    history: str = "real"
    """Whether the trunk ever sees the tokens that cycles skipped: `real`, it does, or `shadow`, it does not."""

    def __post_init__(self) -> None:
        inputs = PROMPT_INPUTS[self.phase]
        if not self.prompt_input:
            object.__setattr__(self, "prompt_input", inputs[0])
        if self.prompt_input not in inputs:
            raise ValueError(f"prompt input {self.prompt_input} contradicts {self.phase} phase; give {' or '.join(inputs)}")

    def fields(self) -> dict[str, str]:
        return {"dmtd_phase": self.phase, "dmtd_prompt_input": self.prompt_input, "dmtd_history_mode": self.history}


def places(length: int, answer_starts: torch.Tensor, factors: torch.Tensor, rule: Rule = Rule()) -> torch.Tensor:
    """Returns each position's place in its cycle, [sequences, length]; −1 where the head's input is T, 0 where it is E + T."""
    positions = torch.arange(length, device=answer_starts.device).expand(len(answer_starts), -1)
    counted = positions if rule.phase == "absolute" else positions - answer_starts[:, None]
    place = counted % factors.clamp(min=1)[:, None]
    place = torch.where(counted < 0, 0 if rule.prompt_input == "sum" else -1, place)
    return torch.where((factors == VANILLA)[:, None], -1, place)


def seen_by_trunk(place: torch.Tensor, answer_starts: torch.Tensor, rule: Rule) -> torch.Tensor | None:
    """Returns which positions the trunk ever runs over, [sequences, length]; None for all."""
    if rule.history == "real":
        return None
    positions = torch.arange(place.shape[1], device=place.device)
    return (positions < answer_starts[:, None]) | (place <= 0)


def trunk_mask(seen: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    """Returns what is added to attention scores, [sequences, 1, length, length]: earlier keys that the trunk sees, and a
    token's own, whose output nobody uses where the trunk does not see it."""
    length = seen.shape[1]
    order = torch.ones(length, length, dtype=torch.bool, device=seen.device).tril()
    own = torch.eye(length, dtype=torch.bool, device=seen.device)
    visible = order & (seen[:, None, :] | own)
    return torch.zeros(visible.shape, dtype=dtype, device=seen.device).masked_fill(~visible, torch.finfo(dtype).min)[:, None]


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

    def forward(
        self, ids: torch.Tensor, place: torch.Tensor, wanted: torch.Tensor, seen: torch.Tensor | None = None
    ) -> torch.Tensor:
        """Returns float32 logits, [tokens, vocabulary], of the positions that `wanted`, [sequences, length], marks.

        `seen` marks the positions that the trunk ever runs over; None stands for all.
        """
        # Weights stay in float32, or small steps would be lost to rounding.
        with torch.autocast(ids.device.type, self.computation, enabled=self.computation != torch.float32):
            return self.model.lm_head(hidden_states(self.model, ids, place, self.head_layers, seen)[wanted]).float()

    def compile_layers(self) -> None:
        """Fuses what lies between the matrices, which at small widths is most of a step; wants a C++ compiler."""
        torch._dynamo.config.recompile_limit = 64  # passes have many shapes, and what is not compiled is slow in silence
        for layer in self.model.model.layers:
            layer.compile(dynamic=True)

    def freeze_trunk(self) -> None:
        """Leaves the head to be trained: the trunk's layers and the embedding stay as they are."""
        for part in (self.model.model.embed_tokens, *self.model.model.layers[: -self.head_layers]):
            part.requires_grad_(False)


def hidden_states(
    model: PreTrainedModel, ids: torch.Tensor, place: torch.Tensor, head_layers: int, seen: torch.Tensor | None = None
) -> torch.Tensor:
    """Returns what `lm_head` is fed, [sequences, length, width], for sequences padded on the right.

    `seen` marks the positions that the trunk ever runs over; None stands for all. `model` is Hugging Face's own Qwen3 (or another stack of the same shape).
    """
    stack = model.model
    trunk_layers = len(stack.layers) - head_layers
    positions = torch.arange(ids.shape[1], device=ids.device)[None]
    embedded = stack.embed_tokens(ids)
    rotary = stack.rotary_emb(embedded, positions)

    def run(layers: torch.nn.ModuleList, hidden: torch.Tensor, mask: torch.Tensor | None = None) -> torch.Tensor:
        for layer in layers:
            hidden = layer(hidden, attention_mask=mask, position_ids=positions, position_embeddings=rotary)
        return hidden

    mask = None if seen is None else trunk_mask(seen, embedded.dtype)
    trunk = run(stack.layers[:trunk_layers], embedded, mask)
    head = run(stack.layers[trunk_layers:], head_input(embedded, trunk, place))
    return stack.norm(head)
