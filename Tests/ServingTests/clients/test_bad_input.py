"""Bad requests get a 4xx and one sentence in OpenAI's form, and the server goes on."""

import http.client
import json
import socket
import urllib.parse

import pytest

from conftest import KEY, MODEL, Served


HEADERS = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}


def post(served, path, body, headers=None):
    address = urllib.parse.urlparse(served.url)
    connection = http.client.HTTPConnection(address.hostname, address.port, timeout=60)
    connection.request("POST", path, body, {**HEADERS, **(headers or {})})
    response = connection.getresponse()
    return response.status, response.read()


def message(body):
    error = json.loads(body)["error"]
    assert set(error) == {"message", "type", "param", "code"}
    return error["message"]


def fields(**changes):
    return json.dumps({"model": MODEL, "prompt": "a", **changes}).encode()


BAD = {
    "nothing": (b"", "the text ends"),
    "no JSON": (b"prompt=a", "not JSON"),
    "an unclosed object": (b'{"model":', "not JSON"),
    "a list": (b"[]", "send a JSON object"),
    "deep nesting": (b"[" * 100_000, "nested deeper"),
    "bad UTF-8": (b'{"model":"\xff\xfe"}', "not UTF-8"),
    "a field twice": (b'{"model":"a","model":"b"}', "twice"),
    "a number out of range": (b'{"model":1e999}', "out of range"),
    "no model": (b'{"prompt":"a"}', "model is missing"),
    "no prompt": (json.dumps({"model": MODEL}).encode(), "prompt is missing"),
    "an empty prompt": (fields(prompt=""), "the prompt is empty"),
    "a prompt of mixed kinds": (fields(prompt=["a", 1]), "texts alone"),
    "a token id that is none": (fields(prompt=[1, -5]), "outside the vocabulary"),
    "a negative number of tokens": (fields(max_tokens=-2), "max_tokens is -2"),
    "a number larger than any integer": (fields(max_tokens=10**30), "max_tokens is"),
    "a negative temperature": (fields(temperature=-0.1), "temperature is -0.1"),
    "a text for a number": (fields(temperature="hot"), "temperature is 'hot'"),
    "too many choices": (fields(n=1000), "n is 1000"),
    "too many prompts": (fields(prompt=["a"] * 65), "send several requests"),
    "an empty stop string": (fields(stop=[""]), "none of them empty"),
    "a factor of 0": (fields(mtd=0), "the multi-token factor is"),
    "a factor that is no number": (fields(mtd="fast"), "the multi-token factor is"),
    "a penalty": (fields(presence_penalty=2.5), "presence_penalty is 2.5; give a number from -2.0 to 2.0"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_completions(served, name):
    body, expected = BAD[name]
    status, answer = post(served, "/v1/completions", body)
    assert status == 400
    assert expected in message(answer)


@pytest.mark.parametrize(
    ("messages", "expected"),
    [
        (None, "messages are missing"),
        ([], "messages are missing"),
        (["hello"], "messages[0] has no role"),
        ([{"role": "user"}], "messages[0].content is no text"),
        ([{"role": 3, "content": "a"}], "messages[0] has no role"),
        ([{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:,"}}]}], "parts of type text"),
        ([{"role": "assistant", "content": "a", "tool_calls": [{}]}], "tool_calls is an array of 1 elements"),
        ([{"role": "assistant", "content": "a", "function_call": {}}], "function_call is not implemented"),
    ],
)
def test_bad_chats(served, messages, expected):
    status, answer = post(served, "/v1/chat/completions", json.dumps({"model": MODEL, "messages": messages}))
    assert status == 400
    assert expected in message(answer)


def test_body_that_is_too_large(served):
    status, answer = post(served, "/v1/completions", b" " * (64 << 20))
    assert status == 413
    assert "larger than 4194304 bytes" in message(answer)


def test_client_that_asks_before_it_sends_a_gigabyte(served):
    address = urllib.parse.urlparse(served.url)
    with socket.create_connection((address.hostname, address.port), timeout=60) as connection:
        lines = ["POST /v1/completions HTTP/1.1", "Host: 127.0.0.1", *(f"{name}: {value}" for name, value in HEADERS.items())]
        connection.sendall("\r\n".join([*lines, f"Content-Length: {1 << 30}", "Expect: 100-continue", "", ""]).encode())
        assert b" 413 " in connection.recv(100)


def test_body_that_grows_beyond_the_limit(served):
    def pieces():
        for _ in range(5 << 4):
            yield b" " * (1 << 16)

    status, answer = post(served, "/v1/completions", pieces())  # chunked
    assert status == 413
    assert "larger than 4194304 bytes" in message(answer)


@pytest.mark.parametrize("key", [None, "", "Bearer", "Bearer ", "Bearer wrong", "Basic " + KEY, "Bearer " + KEY + "x"])
def test_wrong_keys(served, key):
    address = urllib.parse.urlparse(served.url)
    for method, path in [("GET", "/v1/models"), ("GET", "/metrics"), ("POST", "/v1/completions")]:
        connection = http.client.HTTPConnection(address.hostname, address.port, timeout=60)
        connection.request(method, path, headers={} if key is None else {"Authorization": key})
        response = connection.getresponse()
        assert response.status == 401
        assert "API key" in message(response.read())


@pytest.mark.parametrize("type", [None, "text/plain", "application/x-www-form-urlencoded"])
def test_bodies_that_a_page_of_any_site_could_send(served, type):
    headers = {"Content-Type": type} if type else {}
    address = urllib.parse.urlparse(served.url)
    connection = http.client.HTTPConnection(address.hostname, address.port, timeout=60)
    connection.request("POST", "/v1/completions", fields(), {"Authorization": f"Bearer {KEY}"} | headers)
    response = connection.getresponse()
    assert response.status == 415
    assert "send Content-Type: application/json" in message(response.read())


def test_unknown_paths(served):
    status, answer = post(served, "/v1/images", b"{}")
    assert status == 404
    assert "nothing at POST /v1/images" in message(answer)


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/v1/completions", "POST"), ("DELETE", "/v1/chat/completions", "POST"), ("PUT", "/tokenize", "POST"),
        ("POST", "/v1/models", "GET"), ("PATCH", f"/v1/models/{MODEL}", "GET"), ("POST", "/", "GET"),
        ("OPTIONS", "/health", "GET"), ("PROPFIND", "/metrics", "GET"),
    ],
)  # fmt: skip
def test_methods_that_a_path_does_not_take(served, method, path, allowed):
    address = urllib.parse.urlparse(served.url)
    connection = http.client.HTTPConnection(address.hostname, address.port, timeout=60)
    connection.request(method, path, headers={"Authorization": f"Bearer {KEY}"})
    response = connection.getresponse()
    assert response.status == 405
    assert response.getheader("Allow") == allowed
    assert f"does not take {method}; send {allowed}" in message(response.read())


def test_half_requests_and_garbage_leave_the_server_alone(served):
    address = urllib.parse.urlparse(served.url)
    for start in [b"", b"POST", b"POST /v1/completions HTTP/1.1\r\nContent-Length: 9\r\n\r\n{", b"\x00\xff" * 50]:
        for _ in range(20):
            socket.create_connection((address.hostname, address.port), timeout=60).sendall(start)
    assert post(served, "/v1/completions", fields(max_tokens=1))[0] == 200


def test_browsers_of_other_origins_get_no_leave(served):
    address = urllib.parse.urlparse(served.url)
    connection = http.client.HTTPConnection(address.hostname, address.port, timeout=60)
    connection.request("GET", "/health", headers={"Origin": "http://elsewhere"})
    response = connection.getresponse()
    assert response.status == 200
    assert response.getheader("Access-Control-Allow-Origin") is None


def test_an_origin_that_may_reads_errors_too():
    server = Served("--cors", "http://elsewhere")
    address = urllib.parse.urlparse(server.url)
    for method, status in [("OPTIONS", 204), ("POST", 401)]:
        connection = http.client.HTTPConnection(address.hostname, address.port, timeout=60)
        connection.request(method, "/v1/completions", headers={"Origin": "http://elsewhere"})
        response = connection.getresponse()
        assert response.getheader("Access-Control-Allow-Origin") == "http://elsewhere"
        assert response.status == status
    assert server.stop() == 0
