"""The checkpoint as the add-on's teacher: its last layers' keys and values for a text, and its predictions."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, PreTrainedModel

from recipe.head.stack import Layers, Rotary, Shape, attend, layer_weights, normalized


@dataclass
class Lesson:
    """The original head's outputs for a text of n tokens."""

    ids: torch.Tensor
    """[n], int64."""
    answer_start: int
    keys: torch.Tensor
    """[n, head layers, kv heads, head width]: the original head's, fed T, with RoPE."""
    values: torch.Tensor
    states: torch.Tensor
    """[n, width]: the input of `lm_head`, after the final norm. Vanilla's logits follow from it."""


class Teacher:
    """A Qwen3 or Llama checkpoint, split into a trunk and a head of `head_layers`."""

    def __init__(self, model: PreTrainedModel, head_layers: int, computation: torch.dtype, layers: Layers = Layers()):
        config = model.config
        if not 0 < head_layers < config.num_hidden_layers:
            raise SystemExit(f"recipe: a head of {head_layers} layers leaves no trunk of {config.num_hidden_layers}")
        self.model, self.head_layers, self.computation, self.layers = model.eval(), head_layers, computation, layers
        self.shape, self.rotary = Shape.of(config), Rotary(config)
        self.trunk_layers = config.num_hidden_layers - head_layers
        self.embedding = model.model.embed_tokens.weight.detach()
        self.output = model.lm_head.weight.detach().to(computation)
        self._weights = None

    @staticmethod
    def load(directory: Path, head_layers: int, computation: torch.dtype, layers: Layers = Layers()) -> Teacher:
        model = AutoModelForCausalLM.from_pretrained(directory, dtype=torch.float32)
        if model.config.model_type not in ("llama", "qwen3"):
            raise SystemExit(f"recipe: {directory} is {model.config.model_type!r}; add-ons are made for llama and qwen3")
        return Teacher(model.requires_grad_(False), head_layers, computation, layers)

    @torch.no_grad()
    def teach(self, texts: list[list[int]], answer_starts: list[int], rows: int | None = None) -> list[Lesson]:
        """Processes whole texts in one pass. `rows` pads the packed block to that size."""
        if self._weights is None:
            self._weights = [layer_weights(layer, self.computation) for layer in self.model.model.layers]
        lengths = [len(text) for text in texts]
        total = rows or sum(lengths)
        ids, positions = torch.zeros(total, dtype=torch.long), torch.zeros(total, dtype=torch.long)
        ids[: sum(lengths)] = torch.tensor([one for text in texts for one in text])
        positions[: sum(lengths)] = torch.cat([torch.arange(length) for length in lengths])
        device = self.embedding.device
        ids, positions = ids.to(device), positions.to(device)
        x, (cosines, sines) = self.embedding[ids], self.rotary(positions)
        kept = []
        for index, weights in enumerate(self._weights):
            query, key, value = self.layers.before(x, weights, self.shape, cosines, sines)
            if index >= self.trunk_layers:
                kept.append((key, value))
            mixed = torch.zeros_like(query)
            spans = [one.split(lengths) for one in (query[: sum(lengths)], key[: sum(lengths)], value[: sum(lengths)])]
            mixed[: sum(lengths)] = torch.cat([attend(*one) for one in zip(*spans)])
            x = self.layers.after(x, mixed, weights, self.shape)
        states = normalized(x, self.model.model.norm.weight, self.shape.epsilon).to(self.computation)
        keys, values = (torch.stack(one, 1) for one in zip(*kept))
        parts = [one[: sum(lengths)].split(lengths) for one in (ids, keys, values, states)]
        return [
            Lesson(part[0].cpu(), start, *(one.cpu() for one in part[1:])) for part, start in zip(zip(*parts), answer_starts)
        ]

    def logits(self, states: torch.Tensor) -> torch.Tensor:
        """Returns vanilla's logits in float32, [rows, vocabulary]."""
        return torch.nn.functional.linear(states.to(self.computation), self.output).float()
