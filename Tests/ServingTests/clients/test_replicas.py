"""Two replicas behind nginx, as docs/deploy/nginx.conf has them."""

import shutil
import socket
import subprocess
import time

import openai
import pytest

from conftest import KEY, MODEL, ROOT, Served

NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
pytestmark = pytest.mark.skipif(NGINX is None, reason="no nginx: install the package nginx-light")


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


@pytest.fixture
def replicas():
    servers = [Served(), Served()]
    yield servers
    for server in servers:
        if server.process.poll() is None:
            assert server.stop() == 0


@pytest.fixture
def balanced(replicas, tmp_path):
    port = free_port()
    text = (ROOT / "docs/deploy/nginx.conf").read_text().replace("127.0.0.1:8080", f"127.0.0.1:{port}")
    for place, server in zip(["127.0.0.1:8081", "127.0.0.1:8082"], replicas, strict=True):
        text = text.replace(place, server.url.removeprefix("http://"))
    (tmp_path / "nginx.conf").write_text(text)
    (tmp_path / "logs").mkdir()
    options = ["-p", tmp_path, "-c", tmp_path / "nginx.conf", "-e", tmp_path / "error.log"]
    process = subprocess.Popen([NGINX, *options, "-g", f"daemon off; pid {tmp_path}/nginx.pid;"])
    client = openai.OpenAI(base_url=f"http://127.0.0.1:{port}/v1", api_key=KEY, max_retries=0, timeout=60)
    wait_for(client)
    yield client
    process.terminate()
    process.wait(timeout=10)


def wait_for(client):
    for _ in range(100):
        try:
            return client.models.list()
        except openai.APIError:
            time.sleep(0.05)
    raise AssertionError("nginx does not answer")


def ask(client, conversation, **options):
    return client.completions.create(
        model=MODEL, prompt="Sort this list:", max_tokens=20, temperature=0,
        extra_headers={"X-Conversation": conversation}, extra_body={"ignore_eos": True}, **options,
    )  # fmt: skip


def counts(replicas):
    return [server.metric("volley_generated_tokens_total") for server in replicas]


def test_a_conversation_stays_and_many_are_divided(replicas, balanced):
    for _ in range(4):
        ask(balanced, "one")
    assert sorted(counts(replicas)) == [0, 80]
    for number in range(20):
        ask(balanced, f"conversation {number}")
    assert all(count > 80 for count in counts(replicas)) and sum(counts(replicas)) == 24 * 20


def test_events_come_through_and_a_stopped_replica_is_replaced(replicas, balanced):
    whole = ask(balanced, "one").choices[0].text
    assert "".join(event.choices[0].text for event in ask(balanced, "one", stream=True)) == whole
    serving = counts(replicas).index(40)
    assert replicas[serving].stop() == 0
    assert ask(balanced, "one").choices[0].text == whole
    assert replicas[1 - serving].metric("volley_generated_tokens_total") == 20
