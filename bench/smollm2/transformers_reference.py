"""Greedy decoding with Hugging Face transformers, in float32 on the dequantised weights of a GGUF file."""

from dataclasses import dataclass
from pathlib import Path

import numpy
import torch
from gguf import GGUFReader
from gguf.quants import dequantize
from transformers import AutoModelForCausalLM


@dataclass(frozen=True)
class Greedy:
    """The result of greedy decoding."""

    tokens: list[int]
    margins: list[float]
    """Each token's logit minus the second highest logit."""
    prompt_logits: numpy.ndarray
    """float32 `[vocabulary]`: the logits at the prompt's last position."""


def load(path: Path, reader: GGUFReader) -> torch.nn.Module:
    """Loads the model and checks its weights against those that the `gguf` package dequantises."""
    model = AutoModelForCausalLM.from_pretrained(
        str(path.parent), gguf_file=path.name, dtype=torch.float32, attn_implementation="eager"
    ).eval()
    check_weights(model, reader)
    return model


@torch.inference_mode()
def decode(model: torch.nn.Module, prompt: list[int], count: int) -> Greedy:
    """Generates `count` tokens with a KV cache and checks them with one full pass. End-of-sequence counts as an ordinary token."""
    tokens: list[int] = []
    cache = None
    fed = prompt
    for _ in range(count):
        output = model(torch.tensor([fed]), past_key_values=cache, use_cache=True)
        cache = output.past_key_values
        fed = [int(output.logits[0, -1].argmax())]
        tokens += fed
    # [count, vocabulary]: row i predicts token i.
    logits = model(torch.tensor([prompt + tokens[:-1]]), use_cache=False).logits[0, len(prompt) - 1 :]
    if logits.argmax(-1).tolist() != tokens:
        raise SystemExit("decoding with a KV cache and one full pass disagree: a margin is below float32's noise")
    best = logits.topk(2).values
    return Greedy(tokens, (best[:, 0] - best[:, 1]).tolist(), logits[0].numpy())


def check_weights(model: torch.nn.Module, reader: GGUFReader) -> None:
    """Exits unless every tensor of the file equals its parameter bit for bit and no parameter is left over."""
    parameters = dict(model.named_parameters())
    heads = {"attn_q": model.config.num_attention_heads, "attn_k": model.config.num_key_value_heads}
    for tensor in reader.tensors:
        expected = dequantize(tensor.data, tensor.tensor_type).astype(numpy.float32)
        role = tensor.name.split(".")[-2]
        if role in heads:
            expected = unpermute(expected, heads[role])
        found = parameters.pop(parameter_name(tensor.name)).detach().numpy()
        if not numpy.array_equal(found.reshape(expected.shape), expected):
            raise SystemExit(f"transformers and the gguf package read {tensor.name} differently")
    if parameters:
        raise SystemExit(f"the file has no tensor for {', '.join(parameters)}")


def unpermute(rows: numpy.ndarray, heads: int) -> numpy.ndarray:
    """Restores Hugging Face's order of Llama's q and k rows `[rows, columns]`; GGUF places row i next to row i + half."""
    half = rows.shape[0] // heads // 2
    return rows.reshape(heads, half, 2, -1).swapaxes(1, 2).reshape(rows.shape)


def parameter_name(tensor: str) -> str:
    """Returns transformers' name for a GGUF tensor of the Llama architecture."""
    whole = {"token_embd.weight": "model.embed_tokens.weight", "output_norm.weight": "model.norm.weight"}
    if tensor in whole:
        return whole[tensor]
    part = {
        "attn_norm": "input_layernorm",
        "attn_q": "self_attn.q_proj",
        "attn_k": "self_attn.k_proj",
        "attn_v": "self_attn.v_proj",
        "attn_output": "self_attn.o_proj",
        "ffn_norm": "post_attention_layernorm",
        "ffn_gate": "mlp.gate_proj",
        "ffn_up": "mlp.up_proj",
        "ffn_down": "mlp.down_proj",
    }
    _, layer, role, _ = tensor.split(".")
    return f"model.layers.{layer}.{part[role]}.weight"
