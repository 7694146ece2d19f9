#!/usr/bin/env python3
"""Starts a server, puts it under load and compares every answer with the same request run alone.

Requests have random prompts, lengths and plans. Clients read whole answers or streams, disconnect at any moment, read slowly or
send half a request; 5 % of requests are invalid. Fails if an answer differs, a request is lost, or memory or descriptors grow.
Connects only to this machine.
"""

import argparse
import asyncio
import json
import os
import pathlib
import random
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import Counter

from support import wire

ROOT = pathlib.Path(__file__).resolve().parents[1]
PLANS = ["off", "mtd:2", "mtd:3", "mtd:4", "mtd:6", "verified:3", "verified:6", "adaptive:6:0.8", "ngram"]
KINDS = {"whole": 50, "stream": 27, "leave": 10, "slow": 4, "half": 4, "wrong": 5}
WRONG = [
    b"{", b"[]", b'{"model": 1}', b"\xff", b"[" * 1000, b'{"model": "another", "prompt": "a"}',
    b'{"model": "MODEL", "prompt": "a", "max_tokens": -2}', b'{"model": "MODEL", "prompt": "a", "mtd": 99}',
    b'{"model": "MODEL", "prompt": [-1]}', b'{"model": "MODEL", "prompt": "a", "suffix": "b"}',
]  # fmt: skip


def main():
    arguments = read_arguments()
    random.seed(arguments.seed)
    requests = [make_request() for _ in range(arguments.distinct)]
    for request in requests:
        request["expected"] = alone(arguments.volley, request)
    server, port = start(arguments)
    try:
        report = asyncio.run(Load(arguments, requests, server.pid, port).run())
    finally:
        server.send_signal(signal.SIGTERM)
        code = server.wait(timeout=120)
    report["exit_code"] = code
    print(json.dumps(report, indent=1))
    sys.exit(0 if not report["faults"] and code == 0 else 1)


def read_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--volley", default=ROOT / ".build/release/volley")
    parser.add_argument("--requests", type=int, default=10_000)
    parser.add_argument("--clients", type=int, default=48, help="concurrent requests")
    parser.add_argument("--distinct", type=int, default=60, help="number of different requests")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--answers-only", action="store_true", help="do not check memory and descriptors, which a sanitizer changes"
    )
    return parser.parse_args()


def make_request():
    """Returns a request with random tokens: answers need only be equal, not meaningful."""
    request = {
        "prompt": [random.randrange(3, 500) for _ in range(int(2 ** random.uniform(0, 9)))],
        "max_tokens": random.randint(1, 60),
        "plan": random.choice(PLANS),
    }
    if random.random() < 0.4:
        request |= {"temperature": 1.2, "top_p": 0.9, "seed": random.randrange(1000)}
    else:
        request |= {"temperature": 0}
    return request


def alone(volley, request):
    options = [
        "--prompt-ids", ",".join(map(str, request["prompt"])), "--max-tokens", str(request["max_tokens"]),
        "--plan", request["plan"], "--temperature", str(request["temperature"]), "--json",
    ]  # fmt: skip
    if "seed" in request:
        options += ["--seed", str(request["seed"]), "--top-p", str(request["top_p"])]
    run = subprocess.run([volley, "generate", *options], capture_output=True, check=True)
    return json.loads(run.stdout)["tokens"]


def start(arguments):
    server = subprocess.Popen(
        [arguments.volley, "serve", "--port", "0", "--max-queue", str(arguments.clients)],
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    port = int(re.search(r":(\d+)$", server.stderr.readline())[1])
    # Drain the pipe: a full one would block the server.
    threading.Thread(target=shutil.copyfileobj, args=(server.stderr, sys.stderr), daemon=True).start()
    return server, port


class Load:
    def __init__(self, arguments, requests, process, port):
        self.arguments = arguments
        self.requests = requests
        self.process = process
        self.port = port
        self.done = Counter()
        self.faults = []
        self.usage = []

    async def run(self):
        begin = time.monotonic()
        numbers = iter(range(self.arguments.requests))
        await asyncio.gather(*(self.client(numbers) for _ in range(self.arguments.clients)))
        await asyncio.sleep(1)
        self.note_usage()
        seconds = time.monotonic() - begin
        (early, late) = (self.usage[len(self.usage) // 5], self.usage[-1])
        if not self.arguments.answers_only:
            self.judge(early, late)
        return {
            "requests": self.arguments.requests, "seconds": round(seconds, 1), "done": dict(self.done),
            "usage": [self.usage[0], early, late], "faults": self.faults[:20], "fault_count": len(self.faults),
        }  # fmt: skip

    def judge(self, early, late):
        if late["rss_bytes"] > 1.2 * early["rss_bytes"]:
            self.faults.append(f"memory grew from {early['rss_bytes']} to {late['rss_bytes']} bytes")
        if late["descriptors"] > self.usage[0]["descriptors"]:
            self.faults.append(f"open descriptors grew from {self.usage[0]['descriptors']} to {late['descriptors']}")

    async def client(self, numbers):
        for number in numbers:
            if number % max(1, self.arguments.requests // 50) == 0:
                self.note_usage()
            kind = random.choices(list(KINDS), KINDS.values())[0]
            try:
                await getattr(self, kind)(random.choice(self.requests))
                self.done[kind] += 1
            except Exception as fault:
                self.faults.append(f"request {number}, {kind}: {fault!r}")

    def note_usage(self):
        status = pathlib.Path(f"/proc/{self.process}/status").read_text()
        self.usage.append({
            "rss_bytes": 1024 * int(re.search(r"VmRSS:\s+(\d+)", status)[1]),
            "descriptors": len(os.listdir(f"/proc/{self.process}/fd")),
        })  # fmt: skip

    # Kinds of clients.

    async def whole(self, request):
        status, body = await self.post(self.body(request))
        assert status == 200, (status, body)
        check(request, json.loads(body)["choices"][0]["token_ids"])

    async def stream(self, request, pause=0.0):
        reader, writer = await wire.send(self.port, self.body(request, stream=True))
        tokens, is_whole = [], False
        async for event in wire.events(reader):
            is_whole = event is None
            tokens += event["choices"][0].get("token_ids", []) if event else []
            await asyncio.sleep(pause)
        writer.close()
        assert is_whole, "the stream ended early"
        check(request, tokens)

    async def slow(self, request):
        await self.stream(request, pause=0.05)

    async def leave(self, request):
        _, writer = await wire.send(self.port, self.body(request, stream=random.random() < 0.5))
        await asyncio.sleep(random.expovariate(20))
        writer.transport.abort() if random.random() < 0.5 else writer.close()

    async def half(self, request):
        body = self.body(request)
        message = wire.head(len(body)) + body
        _, writer = await asyncio.open_connection(wire.HOST, self.port)
        writer.write(message[: random.randrange(len(message))])
        await asyncio.sleep(random.uniform(0, 2))
        writer.transport.abort()

    async def wrong(self, _):
        body = random.choice(WRONG).replace(b"MODEL", b"volley-5m")
        status, answer = await self.post(body)
        assert 400 <= status < 500 and json.loads(answer)["error"]["message"], (status, answer)

    def body(self, request, **more):
        fields = {name: value for name, value in request.items() if name != "expected"}
        return json.dumps({"model": "volley-5m", **fields, **more}).encode()

    async def post(self, body):
        """Retries while the queue is full."""
        while True:
            reader, writer = await wire.send(self.port, body)
            status, answer = await wire.answer(reader)
            writer.close()
            if status != 429:
                return status, answer
            self.done["asked again"] += 1
            await asyncio.sleep(0.2)


def check(request, tokens):
    assert tokens == request["expected"], f"received {tokens}, but the request alone gives {request['expected']}"


if __name__ == "__main__":
    main()
