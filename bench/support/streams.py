"""Clients that stream at the same time, and what they see of a server's speed."""

from __future__ import annotations

import asyncio
import json
import random
import statistics
import time
from dataclasses import dataclass

from . import wire


@dataclass(frozen=True)
class Workload:
    """What each client asks for: `tokens` tokens after a prompt of its own, the end of a text or not."""

    prompt: int
    tokens: int

    def request(self, model: str, factor: str | None) -> bytes:
        """`factor` None leaves the field out, for servers that do not know it."""
        fields = {
            "model": model, "prompt": [random.randrange(3, 500) for _ in range(self.prompt)], "max_tokens": self.tokens,
            "temperature": 0, "ignore_eos": True, "stream": True, "stream_options": {"include_usage": True},
        }  # fmt: skip
        return json.dumps(fields | ({"mtd": factor} if factor else {})).encode()


@dataclass(frozen=True)
class Speed:
    """`tokens_per_second` of all clients, from the first token to the last; the median of `first_token_seconds`."""

    tokens_per_second: float
    first_token_seconds: float


def measure(port: int, model: str, work: Workload, clients: int, factor: str | None) -> Speed:
    return asyncio.run(_measure(port, [work.request(model, factor) for _ in range(clients)]))


async def _measure(port: int, requests: list[bytes]) -> Speed:
    streams = await asyncio.gather(*(_stream(port, request) for request in requests))
    seconds = max(last for _, _, last, _ in streams) - min(first for _, first, _, _ in streams)
    tokens = sum(tokens - 1 for *_, tokens in streams)
    return Speed(tokens / seconds, statistics.median(first - start for start, first, *_ in streams))


async def _stream(port: int, request: bytes) -> tuple[float, float, float, int]:
    """When the request began, when its first and last tokens came, and how many they were.

    Tokens are those that the server says it made: a server may hold back events of tokens that are half a letter.
    """
    start, times, tokens = time.monotonic(), [], 0
    reader, writer = await wire.send(port, request)
    async for event in wire.events(reader):
        if event and event["choices"] and event["choices"][0].get("finish_reason") is None:
            times.append(time.monotonic())
        if event and event.get("usage"):
            tokens = event["usage"]["completion_tokens"]
    writer.close()
    return start, times[0], times[-1], tokens
