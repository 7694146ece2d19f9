#!/usr/bin/env python3
"""Tokens per second of a server by how many clients stream at a time, and by factor.

    bench/throughput.py --port 8080 --model volley-5m --mtd off,4

Every client asks for as many tokens of a prompt of its own; factors take turns in each round. Speed is all tokens over the
time from the first one to the last. `--mtd none` leaves the field out, for servers that do not know it.
"""

import argparse
import asyncio
import json
import random
import statistics
import time

from support import wire


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--mtd", default="off,4")
    parser.add_argument("--clients", default="1,2,4,8,16")
    parser.add_argument("--prompt", type=int, default=32, help="tokens")
    parser.add_argument("--tokens", type=int, default=128)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    factors, counts = arguments.mtd.split(","), [int(count) for count in arguments.clients.split(",")]
    speeds = {(factor, count): [] for count in counts for factor in factors}
    for _ in range(arguments.rounds):
        for factor, count in speeds:
            speeds[factor, count].append(asyncio.run(measure(arguments, factor, count)))
    print("| clients |" + "".join(f" {factor}, tokens/s | first token, ms |" for factor in factors))
    print("| --- |" + " --- |" * 2 * len(factors))
    for count in counts:
        cells = [median(speeds[factor, count]) for factor in factors]
        print(f"| {count} |" + "".join(f" {speed:.0f} | {1000 * first:.0f} |" for speed, first in cells))


def median(rounds):
    return tuple(statistics.median(values) for values in zip(*rounds, strict=True))


async def measure(arguments, factor, count):
    """Tokens per second of all, and the median of the seconds to a first token."""
    streams = await asyncio.gather(*(stream(arguments, factor) for _ in range(count)))
    seconds = max(times[-1] for _, times in streams) - min(times[0] for _, times in streams)
    tokens = sum(len(times) - 1 for _, times in streams)
    return tokens / seconds, statistics.median(times[0] - start for start, times in streams)


async def stream(arguments, factor):
    """When the request began, and when each of its tokens came."""
    request = {
        "model": arguments.model, "prompt": [random.randrange(3, 500) for _ in range(arguments.prompt)],
        "max_tokens": arguments.tokens, "temperature": 0, "ignore_eos": True, "stream": True,
    }  # fmt: skip
    if factor != "none":
        request["mtd"] = factor
    start, times = time.monotonic(), []
    reader, writer = await wire.send(arguments.port, json.dumps(request).encode())
    async for event in wire.events(reader):
        if event and event["choices"] and event["choices"][0].get("finish_reason") is None:
            times.append(time.monotonic())
    writer.close()
    return start, times


if __name__ == "__main__":
    main()
