"""Checkpoints in Hugging Face's format, with fields that describe their training."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import torch
from torch.distributed.checkpoint.state_dict import StateDictOptions, get_model_state_dict
from safetensors.torch import load_file, save_file
from transformers import AutoConfig, AutoModelForCausalLM, PreTrainedModel, Qwen3Config, Qwen3ForCausalLM

from recipe.cycles import VANILLA, Rule
from recipe.routing import Routing, route
from recipe.training import Run

COMPANIONS = ("tokenizer.json", "tokenizer_config.json", "chat_template.jinja", "generation_config.json", "LICENSE")
PLAIN_TYPES = {"ddllama": "llama"}
"""The authors' `model_type` of a routed stack, and that of the stack without routers."""
ROUTED_ARCHITECTURE = {"llama": {"model_type": "ddllama", "architectures": ["DDLlamaForCausalLM"]}}
"""The reverse mapping. Other stacks keep their type: the authors published only Llama."""
MTD_FIELDS = (
    "num_encoding_layers", "num_thinking_layers", "num_decoding_layers", "mtp_horizon", *Rule().fields(),
)  # fmt: skip


def small_model(vocabulary: int, shape: dict[str, int], seed: int) -> Qwen3ForCausalLM:
    """Creates a Qwen3 with random weights, tied embeddings and attention heads 32 wide."""
    torch.manual_seed(seed)
    model = Qwen3ForCausalLM(
        Qwen3Config(
            vocab_size=vocabulary,
            hidden_size=shape["width"],
            intermediate_size=shape["inner"],
            num_hidden_layers=shape["layers"],
            num_attention_heads=shape["heads"],
            num_key_value_heads=shape["kv_heads"],
            head_dim=32,
            max_position_embeddings=1024,
            rope_theta=10000.0,
            tie_word_embeddings=True,
            bos_token_id=None,
            eos_token_id=2,
            pad_token_id=0,
        )
    )
    # Residual updates start small, so that the sum over a deep and narrow stack does not drown its input.
    for layer in model.model.layers:
        for projection in (layer.self_attn.o_proj, layer.mlp.down_proj):
            torch.nn.init.normal_(projection.weight, std=0.02 / (2 * shape["layers"]) ** 0.5)
    return model


def load(directory: Path, device: torch.device, dtype: torch.dtype) -> PreTrainedModel:
    configuration = json.loads((directory / "config.json").read_text())
    routing = Routing.of(configuration)
    if routing is not None:
        return load_routed(directory, configuration, routing).to(device, dtype)
    return AutoModelForCausalLM.from_pretrained(directory, dtype=dtype).to(device)


def load_routed(directory: Path, configuration: dict, routing: Routing) -> PreTrainedModel:
    """Loads a routed checkpoint. Hugging Face has no class for routed layers, so its dense model is created, routed and filled."""
    kind = PLAIN_TYPES.get(configuration["model_type"], configuration["model_type"])
    model = AutoModelForCausalLM.from_config(AutoConfig.for_model(**{**configuration, "model_type": kind}))
    route(model, routing)
    state: dict[str, torch.Tensor] = {}
    for path in sorted(directory.glob("*.safetensors")):
        state |= load_file(path)
    if model.config.tie_word_embeddings:
        state.setdefault("lm_head.weight", state["model.embed_tokens.weight"])
    model.load_state_dict(state)
    return model


def save(run: Run, companions: Path) -> None:
    """Writes the run's model into its directory. `companions` is the directory of the tokenizer's files."""
    options = StateDictOptions(full_state_dict=True, cpu_offload=True)
    state = get_model_state_dict(run.model.model, options=options)
    if run.process != 0:
        return
    if run.model.model.config.tie_word_embeddings:
        state.pop("lm_head.weight", None)  # sharded, the tied matrix occurs twice
    run.model.model.save_pretrained(run.directory, state_dict=state)
    for name in COMPANIONS:
        if (companions / name).exists() and companions != run.directory:
            shutil.copy(companions / name, run.directory / name)
    path = run.directory / "config.json"
    configuration = described(json.loads(path.read_text()), run)
    path.write_text(json.dumps(configuration, indent=2) + "\n")


def copy_with_rounded_routers(directory: Path, copy: Path) -> None:
    """Copies a checkpoint with routers in bfloat16, as in released models, at half the size. `volley pack` keeps their format."""
    for name in ("config.json", *COMPANIONS):
        if (directory / name).exists():
            shutil.copy(directory / name, copy / name)
    for path in directory.glob("*.safetensors"):
        state = load_file(path)
        rounded = {name: one.bfloat16() for name, one in state.items() if ".router." in name and one.dim() > 1}
        save_file(state | rounded, copy / path.name, metadata={"format": "pt"})


def described(configuration: dict, run: Run) -> dict[str, object]:
    """Adds the training fields to a configuration. Routed models are trained only for vanilla decoding."""
    if run.model.routing is None:
        return configuration | trained_fields(run)
    plain = {name: value for name, value in configuration.items() if name not in MTD_FIELDS}
    if run.model.routing.method != "flexidepth":
        return plain | run.model.routing.fields()
    return plain | ROUTED_ARCHITECTURE.get(configuration["model_type"], {}) | run.model.routing.fields()


def trained_fields(run: Run) -> dict[str, object]:
    """Returns the authors' fields and the rule's; none for a model trained only for vanilla decoding."""
    schedule, largest = run.schedule, max(run.schedule.factors)
    if largest == VANILLA:
        return {}
    return {
        "num_encoding_layers": 0,
        "num_thinking_layers": run.model.model.config.num_hidden_layers - schedule.head_layers,
        "num_decoding_layers": schedule.head_layers,
        "mtp_horizon": largest,
        **schedule.rule.fields(),
    }
