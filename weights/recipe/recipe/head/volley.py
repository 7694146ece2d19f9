"""The program `volley`: unpacks checkpoints, renders chats, and serves the model that answers."""

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
    """A Hugging Face directory with the weights as Volley runs them: `model` itself, or what it is unpacked to."""
    if (model / "config.json").exists() and any(model.glob("*.safetensors")):
        return model
    if not (cache / "config.json").exists():
        with TemporaryDirectory(dir=cache.parent) as work:
            command(volley, "unpack", str(model), f"{work}/base")
            if not (cache / "config.json").exists():  # or another process was faster
                Path(work, "base").rename(cache)
    return cache


def command(*words: str) -> str:
    """Runs a command and returns what it printed; ends with its own message where it fails."""
    try:
        done = subprocess.run(words, capture_output=True, text=True)
    except OSError as error:
        raise SystemExit(f"recipe: cannot run {words[0]}: {error.strerror}; build it with `make build`, or name it with --volley")
    if done.returncode != 0:
        raise SystemExit(f"recipe: {words[0]} {words[1]} failed: {done.stderr.strip()}")
    return done.stdout


def chat_frame(model: Path, volley: str) -> tuple[str, str]:
    """What the model's chat template writes before and after a lone question."""
    mark = "QUESTION"
    with TemporaryDirectory() as work:
        chat = Path(work, "chat.json")
        messages = [{"role": "user", "content": mark}]
        # Where a template can think aloud, answers are made without it.
        chat.write_text(json.dumps({"messages": messages, "add_generation_prompt": True, "enable_thinking": False}))
        rendered = json.loads(command(volley, "tokenize", "--model", str(model), "--chat", str(chat), "--json"))["text"]
    before, found, after = rendered.partition(mark)
    if not found:
        raise SystemExit(f"recipe: the chat template of {model} does not write the question as it is")
    return before, after


def end_with_parent() -> None:
    """In a child process: it ends when the parent does, be it by a kill. Linux alone has this."""
    if sys.platform == "linux":
        PR_SET_PDEATHSIG = 1
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


class Server:
    """`volley serve` on a free port of this machine, for the length of a `with` block."""

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
            raise SystemExit(f"recipe: cannot run {self.words[0]}: {error.strerror}; build it with `make build`, or name it with --volley")
        said = []
        for line in self.process.stdout:
            said.append(line)
            if found := re.search(r"http://127\.0\.0\.1:(\d+)", line):
                self.port = int(found[1])
                break
        else:
            raise SystemExit(f"recipe: volley serve ended: {''.join(said).strip()}")
        # What else it says is read, or a full pipe would hold it up.
        threading.Thread(target=self.process.stdout.read, daemon=True).start()
        self.name = self.client().get("/v1/models")["data"][0]["id"]
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()  # every answer that is wanted is there
        self.process.wait()

    def client(self) -> Client:
        return Client(self.port)


class Client:
    """One connection, for one thread."""

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
