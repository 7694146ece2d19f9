"""Concurrent streaming clients, and the server speed that they see."""

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
    """Each client's request: `tokens` tokens for its own prompt, without stopping at the end of a text."""

    prompt: int
    tokens: int

    def request(self, model: str, factor: str | None) -> bytes:
        """Returns the request. Without `factor` the field is omitted, for servers that do not know it."""
        fields = {
            "model": model, "prompt": [random.randrange(3, 500) for _ in range(self.prompt)], "max_tokens": self.tokens,
            "temperature": 0, "ignore_eos": True, "stream": True, "stream_options": {"include_usage": True},
        }  # fmt: skip
        return json.dumps(fields | ({"mtd": factor} if factor else {})).encode()


@dataclass(frozen=True)
class Speed:
    """`tokens_per_second` over all clients, from the first token to the last; median `first_token_seconds`."""

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
    """Returns the times of the request, its first and its last token, and the number of tokens.

    The server states the number of tokens: it may hold back events for tokens that are part of a character.
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
