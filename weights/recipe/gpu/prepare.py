"""Packs the inputs of `train.py`, the checkpoint and tokenised prompts, into folders of at most 60 MiB, one per transfer."""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy

sys.path.insert(0, str(Path(__file__).parents[1]))
from parcel import split  # noqa: E402

from recipe.head.answers import LONGEST_PROMPT, ServerAnswerer  # noqa: E402
from recipe.head.prompts import Prompts  # noqa: E402
from recipe.head.volley import Server, chat_frame  # noqa: E402

TRANSFER = 60 * 2**20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True, help=".gguf file of a Llama or Qwen3")
    parser.add_argument("--volley", default="volley")
    parser.add_argument("--prompts", type=int, default=80_000)
    parser.add_argument("--held-out", type=int, default=256)
    parser.add_argument("--seed", default="gpu")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    work = arguments.out / "parts"
    data = arguments.model.read_bytes()
    paths = split(data, work, "model")
    frame = chat_frame(arguments.model, arguments.volley)
    with Server(arguments.model, arguments.volley, 1, 1) as server:
        for name, held_out, count in (("prompts", False, arguments.prompts), ("held-out", True, arguments.held_out)):
            paths += split(packed_prompts(ServerAnswerer(server, frame), held_out, count, arguments.seed), work, name)
    # A pure Python wheel can be imported without installation.
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(work), "gguf==0.19.0"]
    subprocess.run(command, check=True)
    card = {"name": arguments.model.name, "sha256": hashlib.sha256(data).hexdigest()}
    (work / "card.json").write_text(json.dumps(card))
    share(sorted(work.iterdir()), arguments.out)
    work.rmdir()


def packed_prompts(answerer: ServerAnswerer, held_out: bool, count: int, seed: str) -> bytes:
    """Returns the kinds' names, then lengths and ids as 32-bit numbers."""
    source = Prompts(held_out)
    found: list[tuple[str, list[int]]] = []
    for index in range(10 * count):
        prompt = source.prompt(f"{seed}-{index}")
        ids = answerer.ids(prompt.text)
        if len(ids) <= LONGEST_PROMPT:
            found.append((prompt.kind, ids))
        if len(found) == count:
            break
    kinds = sorted({kind for kind, _ in found})
    header = json.dumps({"kinds": kinds}).encode()
    numbers = [len(found), *(kinds.index(kind) for kind, _ in found), *(len(ids) for _, ids in found)]
    numbers += [one for _, ids in found for one in ids]
    return len(header).to_bytes(4, "little") + header + numpy.array(numbers, "<u4").tobytes()


def share(paths: list[Path], out: Path) -> None:
    """Moves files into transfer-1, transfer-2 …"""
    number, room = 0, 0
    for path in paths:
        size = path.stat().st_size
        if size > room or number == 0:
            number, room = number + 1, TRANSFER
        room -= size
        (out / f"transfer-{number}").mkdir(exist_ok=True)
        shutil.move(path, out / f"transfer-{number}" / path.name)


if __name__ == "__main__":
    main()
