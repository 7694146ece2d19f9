"""Decoder layers of a Qwen3 or Llama checkpoint over the rows of many texts, packed without padding.

Everything but attention processes one block of rows, [rows, width]. Only attention knows where texts start and end.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import torch
import torch.nn.functional as F
from transformers import PretrainedConfig
from transformers.models.llama.modeling_llama import LlamaRotaryEmbedding


class Rotary:
    """RoPE's angles, scaled as the checkpoint's configuration says."""

    def __init__(self, config: PretrainedConfig):
        embedding = LlamaRotaryEmbedding(config)
        self.frequencies, self.scale = embedding.inv_freq.float(), embedding.attention_scaling

    def __call__(self, positions: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Returns cosines and sines, each [rows, 1, head width], for positions, [rows]."""
        if self.frequencies.device != positions.device:
            self.frequencies = self.frequencies.to(positions.device)
        angles = positions.float()[:, None] * self.frequencies
        angles = torch.cat([angles, angles], -1)[:, None]
        return angles.cos() * self.scale, angles.sin() * self.scale


class LayerWeights(NamedTuple):
    """A layer's weights: matrices in the computation type, vectors in float32."""

    attention_norm: torch.Tensor
    qkv: torch.Tensor
    query_norm: torch.Tensor | None
    key_norm: torch.Tensor | None
    output: torch.Tensor
    mlp_norm: torch.Tensor
    gate_up: torch.Tensor
    down: torch.Tensor


def layer_weights(layer: torch.nn.Module, computation: torch.dtype) -> LayerWeights:
    """Returns the weights of a `transformers` decoder layer. Gradients flow back to its parameters."""
    attention, mlp = layer.self_attn, layer.mlp
    norms = [getattr(attention, name, None) for name in ("q_norm", "k_norm")]
    return LayerWeights(
        layer.input_layernorm.weight,
        torch.cat([one.weight.to(computation) for one in (attention.q_proj, attention.k_proj, attention.v_proj)]),
        *(None if one is None else one.weight for one in norms),
        attention.o_proj.weight.to(computation),
        layer.post_attention_layernorm.weight,
        torch.cat([mlp.gate_proj.weight.to(computation), mlp.up_proj.weight.to(computation)]),
        mlp.down_proj.weight.to(computation),
    )


def normalized(x: torch.Tensor, weight: torch.Tensor, epsilon: float) -> torch.Tensor:
    """Applies RMSNorm in float32."""
    x = x.float()
    return x * torch.rsqrt(x.square().mean(-1, keepdim=True) + epsilon) * weight


def rotated(x: torch.Tensor, cosines: torch.Tensor, sines: torch.Tensor) -> torch.Tensor:
    first, second = x.chunk(2, -1)
    return x * cosines + torch.cat([-second, first], -1) * sines


@dataclass(frozen=True)
class Shape:
    """The layer dimensions from the configuration."""

    heads: int
    kv_heads: int
    head_width: int
    epsilon: float

    @staticmethod
    def of(config: PretrainedConfig) -> Shape:
        width = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
        return Shape(config.num_attention_heads, config.num_key_value_heads, width, config.rms_norm_eps)


def before_attention(
    x: torch.Tensor, weights: LayerWeights, shape: Shape, cosines: torch.Tensor, sines: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Returns queries [rows, heads, head width], keys and values [rows, kv heads, head width], with RoPE, from the residual stream."""
    computation = weights.qkv.dtype
    mixed = F.linear(normalized(x, weights.attention_norm, shape.epsilon).to(computation), weights.qkv)
    mixed = mixed.view(len(x), -1, shape.head_width)
    query, key, value = mixed.split((shape.heads, shape.kv_heads, shape.kv_heads), 1)
    query, key = query.float(), key.float()
    if weights.query_norm is not None:
        query = normalized(query, weights.query_norm, shape.epsilon)
        key = normalized(key, weights.key_norm, shape.epsilon)
    return rotated(query, cosines, sines).to(computation), rotated(key, cosines, sines).to(computation), value


def after_attention(x: torch.Tensor, mixed: torch.Tensor, weights: LayerWeights, shape: Shape) -> torch.Tensor:
    """Adds the attention output, [rows, heads, head width], and the MLP's to the residual stream, [rows, width] in float32."""
    computation = weights.output.dtype
    x = x + F.linear(mixed.reshape(len(x), -1), weights.output).float()
    inner = F.linear(normalized(x, weights.mlp_norm, shape.epsilon).to(computation), weights.gate_up)
    gate, up = inner.chunk(2, -1)
    return x + F.linear(F.silu(gate) * up, weights.down).float()


class Layers(NamedTuple):
    """The two halves of a layer, eager or compiled."""

    before: Callable = before_attention
    after: Callable = after_attention


def compiled_layers() -> Layers:
    """Compiles both halves. Each block size compiles separately, so use few sizes."""
    torch._dynamo.config.recompile_limit = 64
    return Layers(torch.compile(before_attention, dynamic=False), torch.compile(after_attention, dynamic=False))


def attend(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, mask: torch.Tensor | None = None
) -> torch.Tensor:
    """Computes one text's attention: query [rows, heads, width], key and value [keys, kv heads, width]; causal without a mask."""
    groups = query.shape[1] // key.shape[1]
    key, value = (one.transpose(0, 1).repeat_interleave(groups, 0)[None] for one in (key, value))
    found = F.scaled_dot_product_attention(query.transpose(0, 1)[None], key, value, mask, is_causal=mask is None)
    return found[0].transpose(0, 1)


def fast_type(device: torch.device) -> torch.dtype:
    """Returns bfloat16 if the processor supports its products, otherwise float32."""
    if device.type == "cuda":
        return torch.bfloat16
    cpuinfo = Path("/proc/cpuinfo")
    flags = cpuinfo.read_text() if cpuinfo.exists() else ""
    return torch.bfloat16 if "avx512_bf16" in flags or "amx_bf16" in flags else torch.float32
