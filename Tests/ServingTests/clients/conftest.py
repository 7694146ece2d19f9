"""A real server with the embedded model, on a free port of this machine."""

import os
import pathlib
import re
import signal
import subprocess

import openai
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[3]
VOLLEY = os.environ.get("VOLLEY", ROOT / ".build/release/volley")
KEY = "a key"


class Served:
    def __init__(self, *options):
        environment = dict(os.environ, VOLLEY_API_KEY=KEY)
        self.process = subprocess.Popen(
            [VOLLEY, "serve", "--port", "0", *options], stderr=subprocess.PIPE, text=True, env=environment
        )
        line = self.process.stderr.readline()
        found = re.search(r"at (http://127\.0\.0\.1:\d+)", line)
        assert found, line
        self.url = found[1]

    def client(self, **options):
        return openai.OpenAI(base_url=self.url + "/v1", api_key=KEY, max_retries=0, timeout=60, **options)

    def metric(self, name):
        text = self.client().get("/../metrics", cast_to=str)
        return int(re.search(rf"^{re.escape(name)} (\d+)$", text, re.M)[1])

    def stop(self):
        """Stops the server and returns its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=60)


@pytest.fixture(scope="session")
def served():
    server = Served()
    yield server
    assert server.stop() == 0, "SIGTERM ends an idle server without fault"


@pytest.fixture
def client(served):
    return served.client()


@pytest.fixture(scope="session")
def alone():
    """The text that `volley generate` gives."""

    def generate(*arguments):
        run = subprocess.run(
            [VOLLEY, "generate", *arguments], capture_output=True, text=True, check=True, stdin=subprocess.DEVNULL
        )
        return run.stdout.removesuffix("\n")

    return generate


MODEL = "volley-5m"
LIST = "75 36 57 54 59 38 91 42 52 17"
REPEAT = f"Repeat this list five times: {LIST}"
