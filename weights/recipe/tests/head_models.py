"""Small models and texts for the tests of `recipe.head`."""

from pathlib import Path

import torch
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedModel, Qwen3Config, Qwen3ForCausalLM

from recipe.head.answers import Request
from recipe.head.prompts import Prompt

torch.set_num_threads(1)  # models this small are faster without threads

SHAPE = dict(
    vocab_size=97, hidden_size=32, intermediate_size=48, num_hidden_layers=5, num_attention_heads=4, num_key_value_heads=2,
    head_dim=8, max_position_embeddings=256, initializer_range=0.2,
)  # fmt: skip


def qwen3() -> PreTrainedModel:
    torch.manual_seed(1)
    model = Qwen3ForCausalLM(Qwen3Config(**SHAPE, tie_word_embeddings=False)).eval()
    for layer in model.model.layers:  # random norms, so that a missing norm shows
        torch.nn.init.uniform_(layer.self_attn.q_norm.weight, 0.5, 1.5)
        torch.nn.init.uniform_(layer.input_layernorm.weight, 0.5, 1.5)
    return model


def llama() -> PreTrainedModel:
    torch.manual_seed(2)
    scaling = {
        "rope_type": "llama3", "rope_theta": 10000.0, "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
        "original_max_position_embeddings": 16,
    }  # fmt: skip
    return LlamaForCausalLM(LlamaConfig(**SHAPE, rope_parameters=scaling, tie_word_embeddings=True)).eval()


def texts(count: int, seed: int = 0) -> tuple[list[list[int]], list[int]]:
    """Returns ids and the positions where answers start."""
    generator = torch.Generator().manual_seed(seed)
    lengths = torch.randint(12, 40, (count,), generator=generator).tolist()
    return [torch.randint(97, (length,), generator=generator).tolist() for length in lengths], [length // 3 for length in lengths]


class Digits:
    """A prompt source that needs no WordNet."""

    def prompt(self, seed: str) -> Prompt:
        return Prompt("digits", seed)


class ModelAnswerer:
    """Answers with `transformers` instead of a server."""

    def __init__(self, model: PreTrainedModel):
        self.model, self.asked = model, 0

    def ids(self, text: str) -> list[int]:
        return [3 + ord(letter) % 90 for letter in text]

    def answer(self, request: Request) -> list[int]:
        self.asked += 1
        torch.manual_seed(request.seed)
        prompt = torch.tensor([request.ids])
        how = {"do_sample": True, "temperature": request.temperature} if request.temperature else {"do_sample": False}
        found = self.model.generate(prompt, attention_mask=torch.ones_like(prompt), max_new_tokens=30, pad_token_id=0, **how)
        return found[0, len(request.ids) :].tolist()


def saved(model: PreTrainedModel, directory: Path) -> Path:
    model.save_pretrained(directory)
    return directory
