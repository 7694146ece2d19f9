"""Exports a trained head: tensors with the checkpoint's names, prefixed with `head.`, and a JSON card that describes it."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

from safetensors.torch import save_file

from recipe.head.teacher import Teacher
from recipe.head.training import HeadRun


def export(run: HeadRun, out: Path, model: Path, factors: tuple[int, ...], held_out: dict) -> None:
    """Writes `head.safetensors` (bfloat16) and `head.json` to `out`."""
    out.mkdir(parents=True, exist_ok=True)
    tensors = {f"head.{name}": one.detach().cpu().bfloat16().contiguous() for name, one in run.addon.state_dict().items()}
    teacher, schedule = run.teacher, run.schedule
    card = {
        "head_of": {"name": model.name, "sha256": checksums(model), "norms": norm_means(teacher)},
        "num_thinking_layers": teacher.trunk_layers,
        "num_decoding_layers": teacher.head_layers,
        "mtp_horizon": max(factors),
        "dmtd_head_history": "refreshed",
        "factors": list(factors),
        "trained_tokens": run.progress.trained,
        "text_tokens": run.feed.tokens,
        "steps": run.progress.step,
        "optimizer": schedule.optimizer,
        "rate": schedule.rate,
        "decayed": schedule.decay_from is not None,
        "held_out": held_out,
    }
    save_file(tensors, out / "head.partial", metadata={"format": "pt"})
    (out / "card.partial").write_text(json.dumps(card, indent=2) + "\n")
    os.replace(out / "head.partial", out / "head.safetensors")
    os.replace(out / "card.partial", out / "head.json")


def norm_means(teacher: Teacher) -> list[float]:
    """Returns the mean of each layer's two norms and of the final norm: the model's identity in any format."""
    stack = teacher.model.model
    norms = [norm for layer in stack.layers for norm in (layer.input_layernorm, layer.post_attention_layernorm)]
    return [norm.weight.detach().double().mean().item() for norm in (*norms, stack.norm)]


def checksums(model: Path) -> str | dict[str, str]:
    """Returns the SHA-256 in hex of a file, or of every weight file in a directory."""
    if model.is_file():
        return checksum(model)
    return {path.name: checksum(path) for path in sorted(model.iterdir()) if path.suffix in (".safetensors", ".gguf", ".lz4", ".bin")}


def checksum(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
