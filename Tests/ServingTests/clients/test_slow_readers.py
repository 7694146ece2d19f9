"""Clients that do not read their answer are disconnected; slow ones are served."""

import json
import socket
import time
import urllib.parse

import pytest

from conftest import KEY, MODEL, Served

# More than the system buffers for a connection: eight choices with twenty logprobs a token.
REQUEST = {
    "model": MODEL, "prompt": "Sort this list:", "n": 8, "max_tokens": 1024, "ignore_eos": True, "logprobs": 20, "temperature": 0,
}  # fmt: skip


@pytest.fixture
def server():
    server = Served("--write-timeout", "2", "--max-tokens", "3000")
    yield server
    assert server.stop() == 0


def send(server, **fields):
    address = urllib.parse.urlparse(server.url)
    connection = socket.create_connection((address.hostname, address.port), timeout=60)
    body = json.dumps(REQUEST | fields).encode()
    lines = [
        "POST /v1/completions HTTP/1.1", "Host: 127.0.0.1", "Content-Type: application/json", "Connection: close",
        f"Authorization: Bearer {KEY}", f"Content-Length: {len(body)}",
    ]  # fmt: skip
    connection.sendall("\r\n".join([*lines, "", ""]).encode() + body)
    return connection


def read_all(connection, pause):
    """Reads until the connection ends, at first with a pause after each piece; returns the number of pauses and the end."""
    pauses, end = 0, b""
    while True:
        try:
            piece = connection.recv(1 << 16)
        except ConnectionResetError:
            return pauses, b""
        if not piece:
            return pauses, end
        end = (end + piece)[-64:]
        if pauses < 12:
            time.sleep(pause)
            pauses += 1


def test_who_stops_reading_is_let_go_and_frees_its_places(server):
    connection = send(server, stream=True, n=16, max_tokens=3000)
    assert b" 200 " in connection.recv(1000)
    deadline = time.monotonic() + 30
    while server.metric('volley_jobs_total{end="cancelled"}') == 0:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert server.metric("volley_kv_bytes") == server.metric("volley_queue_jobs") == 0
    assert server.metric("volley_generated_tokens_total") < 16 * 3000
    assert b"[DONE]" not in read_all(connection, 0)[1]


@pytest.mark.parametrize("is_streamed", [True, False])
def test_who_reads_slowly_gets_everything(server, is_streamed):
    pauses, end = read_all(send(server, stream=is_streamed), 0.3)
    assert pauses == 12
    assert b"[DONE]" in end if is_streamed else end.endswith(b"}")
    assert server.metric('volley_jobs_total{end="cancelled"}') == 0
