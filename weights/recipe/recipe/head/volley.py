"""Runs `volley` to unpack checkpoints, render chats and serve the model that answers."""

from __future__ import annotations

import ctypes
import http.client
import json
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path
from tempfile import TemporaryDirectory


def base_directory(model: Path, volley: str, cache: Path) -> Path:
    """Returns a Hugging Face directory with the weights that Volley runs: `model` itself, or an unpacked copy."""
    if (model / "config.json").exists() and any(model.glob("*.safetensors")):
        return model
    if not (cache / "config.json").exists():
        with TemporaryDirectory(dir=cache.parent) as work:
            command(volley, "unpack", str(model), f"{work}/base")
            if not (cache / "config.json").exists():  # unless another process was faster
                Path(work, "base").rename(cache)
    return cache


def command(*words: str) -> str:
    """Runs a command and returns its output. Exits with the command's own message if it fails."""
    try:
        done = subprocess.run(words, capture_output=True, text=True)
    except OSError as error:
        raise SystemExit(f"recipe: cannot run {words[0]}: {error.strerror}; build it with `make build`, or give its path with --volley")
    if done.returncode != 0:
        raise SystemExit(f"recipe: {words[0]} {words[1]} failed: {done.stderr.strip()}")
    return done.stdout


def chat_frame(model: Path, volley: str) -> tuple[str, str]:
    """Returns the text that the model's chat template writes before and after a single question."""
    mark = "QUESTION"
    with TemporaryDirectory() as work:
        chat = Path(work, "chat.json")
        messages = [{"role": "user", "content": mark}]
        # Disable thinking in templates that support it.
        chat.write_text(json.dumps({"messages": messages, "add_generation_prompt": True, "enable_thinking": False}))
        rendered = json.loads(command(volley, "tokenize", "--model", str(model), "--chat", str(chat), "--json"))["text"]
    before, found, after = rendered.partition(mark)
    if not found:
        raise SystemExit(f"recipe: the chat template of {model} changes the question's text")
    return before, after


def end_with_parent() -> None:
    """Makes a child process end when its parent does, even if the parent is killed. Linux only."""
    if sys.platform == "linux":
        PR_SET_PDEATHSIG = 1
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


class Server:
    """`volley serve` on a free local port, running during a `with` block."""

    def __init__(self, model: Path, volley: str, threads: int, batch: int):
        self.words = [
            volley, "serve", "--model", str(model), "--port", "0", "--threads", str(threads),
            "--max-batch", str(batch), "--max-queue", "256",
        ]  # fmt: skip

    def __enter__(self) -> Server:
        try:
            self.process = subprocess.Popen(
                self.words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, preexec_fn=end_with_parent
            )
        except OSError as error:
            raise SystemExit(f"recipe: cannot run {self.words[0]}: {error.strerror}; build it with `make build`, or give its path with --volley")
        said = []
        for line in self.process.stdout:
            said.append(line)
            if found := re.search(r"http://127\.0\.0\.1:(\d+)", line):
                self.port = int(found[1])
                break
        else:
            raise SystemExit(f"recipe: volley serve ended: {''.join(said).strip()}")
        # Drain its output: a full pipe would block the server.
        threading.Thread(target=self.process.stdout.read, daemon=True).start()
        self.name = self.client().get("/v1/models")["data"][0]["id"]
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()  # all answers have arrived
        self.process.wait()

    def client(self) -> Client:
        return Client(self.port)


class Client:
    """A connection for use by a single thread."""

    def __init__(self, port: int):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=600)

    def get(self, path: str) -> dict:
        return self._answer("GET", path, None)

    def post(self, path: str, fields: dict) -> dict:
        return self._answer("POST", path, json.dumps(fields))

    def _answer(self, method: str, path: str, body: str | None) -> dict:
        self.connection.request(method, path, body, {"Content-Type": "application/json"})
        response = self.connection.getresponse()
        text = response.read()
        if response.status != 200:
            raise SystemExit(f"recipe: volley serve answered {response.status} to {path}: {text[:300].decode(errors='replace')}")
        return json.loads(text)
