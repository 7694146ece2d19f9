"""Direct Multi-Token Decoding in one pass over whole sequences ("cyclical masking").

A cycle runs the trunk once and the head τ times. The head's input is T, the trunk's output, where decoding is vanilla; E + T, with
the token's embedding E, at a cycle's first token; and E alone where the head runs without the trunk. The trunk eventually sees every
real token; with shadow history it never sees those that cycles skip. So one pass of each, causal or masked, equals decoding cycle by
cycle.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from transformers import PreTrainedModel

from recipe.routing import Routing

VANILLA = 0
"""The factor of vanilla decoding."""


def factor_name(factor: int) -> str:
    """Returns the factor's name on the command line and in logs."""
    return "off" if factor == VANILLA else str(factor)


PROMPT_INPUTS = {"prompt": ("trunk", "sum"), "absolute": ("masked",)}
"""The head's possible inputs at prompt positions, by phase: T, E + T, or those of cycles counted from position 0."""
HISTORIES = ("real", "shadow")


@dataclass(frozen=True)
class Rule:
    """The decoding rule to train. `config.json` records it in fields with these names."""

    phase: str = "prompt"
    """Where cycles start counting: `prompt`, at the answer's start, or `absolute`, at position 0."""
    prompt_input: str = ""
    """One of `PROMPT_INPUTS`; "" selects the first of the phase."""
    history: str = "real"
    """Whether the trunk eventually sees the tokens that cycles skipped (`real`) or never does (`shadow`)."""

    def __post_init__(self) -> None:
        inputs = PROMPT_INPUTS[self.phase]
        if not self.prompt_input:
            object.__setattr__(self, "prompt_input", inputs[0])
        if self.prompt_input not in inputs:
            raise ValueError(f"prompt input {self.prompt_input} contradicts {self.phase} phase; give {' or '.join(inputs)}")

    def fields(self) -> dict[str, str]:
        return {"dmtd_phase": self.phase, "dmtd_prompt_input": self.prompt_input, "dmtd_history_mode": self.history}


def cycle_indices(length: int, answer_starts: torch.Tensor, factors: torch.Tensor, rule: Rule = Rule()) -> torch.Tensor:
    """Returns each position's cycle index, [sequences, length]: −1 where the head's input is T, 0 where it is E + T."""
    positions = torch.arange(length, device=answer_starts.device).expand(len(answer_starts), -1)
    counted = positions if rule.phase == "absolute" else positions - answer_starts[:, None]
    indices = counted % factors.clamp(min=1)[:, None]
    indices = torch.where(counted < 0, 0 if rule.prompt_input == "sum" else -1, indices)
    return torch.where((factors == VANILLA)[:, None], -1, indices)


def seen_by_trunk(indices: torch.Tensor, answer_starts: torch.Tensor, rule: Rule) -> torch.Tensor | None:
    """Returns the positions that the trunk ever processes, [sequences, length]; None means all."""
    if rule.history == "real":
        return None
    positions = torch.arange(indices.shape[1], device=indices.device)
    return (positions < answer_starts[:, None]) | (indices <= 0)


def trunk_mask(seen: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    """Returns the additive attention mask, [sequences, 1, length, length]. Tokens attend to earlier keys that the trunk sees and to
    themselves; outputs of tokens that it does not see are unused."""
    length = seen.shape[1]
    order = torch.ones(length, length, dtype=torch.bool, device=seen.device).tril()
    own = torch.eye(length, dtype=torch.bool, device=seen.device)
    visible = order & (seen[:, None, :] | own)
    return torch.zeros(visible.shape, dtype=dtype, device=seen.device).masked_fill(~visible, torch.finfo(dtype).min)[:, None]


def head_input(embedded: torch.Tensor, trunk: torch.Tensor, indices: torch.Tensor) -> torch.Tensor:
    """Returns T at cycle index −1, E + T at 0 and E elsewhere: [sequences, length, width]."""
    indices = indices[..., None]
    return torch.where(indices < 0, trunk, torch.where(indices == 0, embedded + trunk, embedded))


class MaskedPass(torch.nn.Module):
    """The single pass as one module, for sharding and compiling."""

    def __init__(self, model: PreTrainedModel, head_layers: int, computation: torch.dtype = torch.float32):
        """`computation` is the type for matrix products; weights keep theirs."""
        super().__init__()
        self.model, self.head_layers, self.computation = model, head_layers, computation

    @property
    def routing(self) -> Routing | None:
        """The layers that tokens may skip, if any."""
        return getattr(self.model, "routing", None)

    def forward(
        self, ids: torch.Tensor, indices: torch.Tensor, wanted: torch.Tensor, seen: torch.Tensor | None = None
    ) -> torch.Tensor:
        """Returns float32 logits, [tokens, vocabulary], at the positions marked by `wanted`, [sequences, length].

        `seen` marks the positions that the trunk ever processes; None means all.
        """
        # Weights stay in float32, so that small updates are not lost to rounding.
        with torch.autocast(ids.device.type, self.computation, enabled=self.computation != torch.float32):
            return self.model.lm_head(hidden_states(self.model, ids, indices, self.head_layers, seen)[wanted]).float()

    def compile_layers(self) -> None:
        """Compiles the layers, which fuses the operations between matrices: at small widths, most of a step. Needs a C++ compiler."""
        torch._dynamo.config.recompile_limit = 64  # passes have many shapes; beyond the limit, layers silently run uncompiled
        for layer in self.model.model.layers:
            layer.compile(dynamic=True)

    def freeze_trunk(self) -> None:
        """Freezes the trunk's layers and the embedding, so that only the head is trained."""
        for part in (self.model.model.embed_tokens, *self.model.model.layers[: -self.head_layers]):
            part.requires_grad_(False)


def hidden_states(
    model: PreTrainedModel, ids: torch.Tensor, indices: torch.Tensor, head_layers: int, seen: torch.Tensor | None = None
) -> torch.Tensor:
    """Returns the input of `lm_head`, [sequences, length, width], for right-padded sequences.

    `seen` marks the positions that the trunk ever processes; None means all. `model` is Hugging Face's Qwen3 or a stack like it.
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
    head = run(stack.layers[trunk_layers:], head_input(embedded, trunk, indices))
    return stack.norm(head)
