"""The teacher's and the add-on's passes over padded batches, for accelerators that are slow at many small calls."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F

from recipe.head.addon import AddOn
from recipe.head.stack import LayerWeights, layer_weights, normalized
from recipe.head.teacher import Teacher


@dataclass
class Texts:
    """Texts padded to one length, on the device."""

    ids: torch.Tensor
    """[texts, length]"""
    answer_starts: torch.Tensor
    lengths: torch.Tensor

    def __len__(self) -> int:
        return len(self.ids)

    def chosen(self, index: torch.Tensor) -> Texts:
        return Texts(self.ids[index], self.answer_starts[index], self.lengths[index])


@dataclass
class PaddedRows:
    """`recipe.head.addon.Rows` of a batch, [texts, rows] each. `real` marks valid rows."""

    positions: torch.Tensor
    starts: torch.Tensor
    real: torch.Tensor


@torch.no_grad()
def taught(teacher: Teacher, weights: list[LayerWeights], texts: Texts) -> tuple[list[tuple[torch.Tensor, torch.Tensor]], torch.Tensor]:
    """Returns the original head's keys and values, [texts, kv heads, length, head width] a layer, and states, [texts, length, width]."""
    count, length = texts.ids.shape
    x, shape = teacher.embedding[texts.ids].flatten(0, 1), teacher.shape
    cosines, sines = teacher.rotary(torch.arange(length, device=x.device).repeat(count))
    kept = []
    for index, one in enumerate(weights):
        query, key, value = (
            part.view(count, length, -1, shape.head_width).transpose(1, 2) for part in teacher.layers.before(x, one, shape, cosines, sines)
        )
        if index >= teacher.trunk_layers:
            kept.append((key, value))
        mixed = F.scaled_dot_product_attention(query, key, value, is_causal=True, enable_gqa=True)
        x = teacher.layers.after(x, mixed.transpose(1, 2).flatten(0, 1), one, shape)
    states = normalized(x, teacher.model.model.norm.weight, shape.epsilon).to(teacher.computation)
    return kept, states.view(count, length, -1)


def drawn_rows(texts: Texts, factors: tuple[int, ...], rows: int) -> PaddedRows:
    """Like `recipe.head.addon.drawn_rows`, with the share of cycle starts chosen so that `rows` are almost filled."""
    device, (count, length) = texts.ids.device, texts.ids.shape
    weights = torch.tensor([1 / factor for factor in factors], device=device)
    rows_per_cycle = float(sum((factor - 1) / factor for factor in factors) / weights.sum())
    position = torch.arange(length, device=device)[None]
    inside = (position >= texts.answer_starts[:, None]) & (position < texts.lengths[:, None] - 1)
    share = 0.9 * rows / (rows_per_cycle * inside.sum(1, keepdim=True).clamp(min=1))
    begins = inside & (torch.rand(count, length, device=device) < share)
    factor = torch.tensor(factors, device=device)[torch.multinomial(weights, count * length, replacement=True)].view(count, length)
    cycle_index = torch.arange(1, max(factors), device=device)
    real = begins[..., None] & (cycle_index < factor[..., None]) & (position[..., None] + cycle_index < texts.lengths[:, None, None])
    starts = position[..., None].expand_as(real).flatten(1)
    positions, real = starts + cycle_index.repeat(length)[None], real.flatten(1)
    order = real.cumsum(1) - 1
    keep = real & (order < rows)
    found = [torch.zeros(count, rows + 1, dtype=torch.long, device=device) for _ in range(3)]
    target = torch.where(keep, order, rows)  # the extra last column takes dropped rows
    for one, values in zip(found, (positions, starts, torch.ones_like(positions))):
        one.scatter_(1, target, values)
    return PaddedRows(*(one[:, :rows] for one in found[:2]), found[2][:, :rows].bool())


def add_on_states(addon: AddOn, texts: Texts, rows: PaddedRows, kept: list[tuple[torch.Tensor, torch.Tensor]]) -> torch.Tensor:
    """Returns the input of `lm_head`, [real rows, width] in float32."""
    count, length = rows.positions.shape
    shape, device = addon.shape, texts.ids.device
    positions, starts = rows.positions[:, :, None], rows.starts[:, :, None]
    text = torch.arange(texts.ids.shape[1], device=device)[None, None] <= starts
    own = (rows.starts[:, None] == starts) & (rows.positions[:, None] <= positions) & rows.real[:, None]
    own |= torch.eye(length, dtype=torch.bool, device=device)  # padding attends to itself, so that no softmax is empty
    mask = torch.cat([text, own], 2)[:, None]
    x = addon.embedding[texts.ids.gather(1, rows.positions)].flatten(0, 1)
    cosines, sines = addon.rotary(rows.positions.flatten())
    groups = shape.heads // shape.kv_heads
    for (keys, values), layer in zip(kept, addon.model.layers.values()):
        weights = layer_weights(layer, addon.computation)
        query, key, value = (
            one.view(count, length, -1, shape.head_width).transpose(1, 2) for one in addon.layers.before(x, weights, shape, cosines, sines)
        )
        key, value = (torch.cat(pair, 2).repeat_interleave(groups, 1) for pair in ((keys, key), (values, value)))
        mixed = F.scaled_dot_product_attention(query, key, value, mask)
        x = addon.layers.after(x, mixed.transpose(1, 2).flatten(0, 1), weights, shape)
    return normalized(x[rows.real.flatten()], addon.model.norm.weight, shape.epsilon)
