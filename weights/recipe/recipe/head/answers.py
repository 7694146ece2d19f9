"""The model's own answers, in JSONL shards: the training data of the add-on."""

from __future__ import annotations

import json
import os
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Protocol

from recipe.head.sources import PromptSource
from recipe.head.volley import Server, chat_frame

CLIENTS = 32
TEMPERATURES = (0.0, 0.8, 0.9, 1.0)
"""Sampled uniformly."""
ANSWER_LENGTHS = (100, 300)
"""Range of the random length at which an unfinished answer is cut."""
LONGEST_PROMPT = 160
"""In tokens, including the chat template's. Longer prompts are drawn again."""


@dataclass(frozen=True)
class Request:
    kind: str
    ids: list[int]
    temperature: float
    length: int
    seed: int


class Answerer(Protocol):
    """Tokenises texts and answers requests. Used by a single thread."""

    def ids(self, text: str) -> list[int]: ...

    def answer(self, request: Request) -> list[int]: ...


class ServerAnswerer:
    def __init__(self, server: Server, frame: tuple[str, str]):
        self.client, self.name, self.frame = server.client(), server.name, frame

    def ids(self, text: str) -> list[int]:
        before, after = self.frame
        return self.client.post("/tokenize", {"content": before + text + after, "add_special": False})["tokens"]

    def answer(self, request: Request) -> list[int]:
        fields = {
            "model": self.name, "prompt": request.ids, "max_tokens": request.length, "mtd": "off",
            "temperature": request.temperature, "seed": request.seed,
        }  # fmt: skip
        return self.client.post("/v1/completions", fields)["choices"][0]["token_ids"]


def requested(source: PromptSource, answerer: Answerer, seed: str, greedy: bool) -> Request:
    """Returns the request of a seed: the first of its prompts that is short enough."""
    random = Random(f"request-{seed}")
    for attempt in range(100):
        prompt = source.prompt(f"{seed}-{attempt}")
        ids = answerer.ids(prompt.text)
        if len(ids) <= LONGEST_PROMPT:
            break
    else:
        raise SystemExit(f"recipe: no prompt of at most {LONGEST_PROMPT} tokens; is the chat template's own text longer?")
    temperature = 0.0 if greedy else random.choice(TEMPERATURES)
    return Request(prompt.kind, ids, temperature, random.randint(*ANSWER_LENGTHS), random.getrandbits(31))


def make_shard(path: Path, source: PromptSource, answerers: list[Answerer], seed: str, count: int, greedy: bool) -> None:
    """Writes `count` answers. An interrupted call leaves its answers in a partial file, from which the next call resumes."""
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    done = read_partial(partial)
    missing = [index for index in range(count) if index not in done]
    start, tokens = time.monotonic(), 0
    pool, free = ThreadPoolExecutor(len(answerers)), list(answerers)
    with open(partial, "a") as file:

        def one(index: int) -> tuple[int, Request, list[int]]:
            answerer = free.pop()
            try:
                request = requested(source, answerer, f"{seed}-{index}", greedy)
                return index, request, answerer.answer(request)
            finally:
                free.append(answerer)

        try:
            for index, request, answer in pool.map(one, missing):
                line = {
                    "index": index, "kind": request.kind, "temperature": request.temperature,
                    "prompt": request.ids, "answer": answer,
                }  # fmt: skip
                done[index] = line
                file.write(json.dumps(line) + "\n")
                file.flush()
                tokens += len(answer)
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
    whole = path.with_suffix(".whole")
    whole.write_text("".join(json.dumps(done[index]) + "\n" for index in range(count)))
    os.replace(whole, path)
    partial.unlink()
    seconds = time.monotonic() - start
    print(f"{path.name}: {count} answers, {tokens / max(seconds, 1e-9):.0f} tokens/s", flush=True)


def read_partial(path: Path) -> dict[int, dict]:
    """Returns the answers of an interrupted run, and removes a truncated last line."""
    if not path.exists():
        return {}
    whole = [line for line in path.read_text().splitlines(keepends=True) if line.endswith("}\n")]
    path.write_text("".join(whole))
    return {record["index"]: record for record in map(json.loads, whole)}


def serve_shard(path: Path, source: PromptSource, model: Path, volley: str, threads: int, seed: str, count: int, greedy: bool) -> None:
    """Runs `make_shard` with a server that it starts and stops."""
    if path.exists():
        return
    frame = chat_frame(model, volley)
    with Server(model, volley, threads, CLIENTS) as server:
        make_shard(path, source, [ServerAnswerer(server, frame) for _ in range(CLIENTS)], seed, count, greedy)
