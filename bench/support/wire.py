"""OpenAI's completions API over raw sockets, because a client library would hide what is measured or abused here."""

from __future__ import annotations

import asyncio
import json
import re

HOST = "127.0.0.1"


def head(length: int) -> bytes:
    lines = ["POST /v1/completions HTTP/1.1", "Host: 127.0.0.1", "Content-Type: application/json", f"Content-Length: {length}"]
    return "\r\n".join([*lines, "", ""]).encode()


async def send(port: int, body: bytes):
    """Sends the request and returns the connection's reader and writer."""
    reader, writer = await asyncio.open_connection(HOST, port)
    writer.write(head(len(body)) + body)
    return reader, writer


async def answer(reader) -> tuple[int, bytes]:
    """Returns status and body of a complete answer."""
    fields = (await reader.readuntil(b"\r\n\r\n")).decode()
    length = int(re.search(r"content-length: (\d+)", fields, re.I)[1])
    return int(fields.split()[1]), await reader.readexactly(length)


async def events(reader):
    """Yields each event of a streamed answer as JSON, and None for [DONE]."""
    fields = await reader.readuntil(b"\r\n\r\n")
    if b" 200 " not in fields.split(b"\r\n")[0]:
        raise ValueError(fields.decode())
    rest = b""
    while size := int(await reader.readuntil(b"\r\n"), 16):
        rest += (await reader.readexactly(size + 2))[:-2]
        *whole, rest = rest.split(b"\n\n")
        for event in whole:
            data = event.decode().removeprefix("data: ")
            yield None if data == "[DONE]" else json.loads(data)
