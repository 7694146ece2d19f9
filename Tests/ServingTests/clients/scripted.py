"""A server before the real one, which gives answers that are written beforehand, for what a page must do with them."""

import contextlib
import http.server
import json
import threading
import time
import urllib.error
import urllib.request

TIMINGS = {"wait_seconds": 0, "prompt_seconds": 0.1, "decode_seconds": 1, "tokens_per_second": 50.0}


def token(text, **fields):
    return {"choices": [{"index": 0, "delta": {"content": text}, "token_ids": [5], "finish_reason": None} | fields]}


def end(reason="stop", **timings):
    return {"choices": [{"index": 0, "delta": {}, "finish_reason": reason, "timings": TIMINGS | timings}]}


class Scripted:
    """Passes requests on to `server`, except chats while there is a script.

    `passed` has the bodies of the posts passed on, and `most` says how many of them ran at a time.
    """

    def __init__(self, server):
        self.script, self.bodies = None, []
        self.passed, self.running, self.most = [], 0, 0
        self.lock = threading.Lock()
        handler = type("Handler", (Handler,), {"scripted": self, "real": server.url})
        self.listener = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.listener.daemon_threads = True
        threading.Thread(target=self.listener.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.listener.server_port}"

    @contextlib.contextmanager
    def answers(self, *events, pause=0.0):
        """Answers chats with `events`; one that is None breaks the connection. Yields the requests' bodies."""
        self.script, self.bodies = (events, pause), []
        yield self.bodies
        self.script = None

    @contextlib.contextmanager
    def counted(self, body):
        with self.lock:
            self.passed.append(json.loads(body))
            self.running += 1
            self.most = max(self.most, self.running)
        yield
        with self.lock:
            self.running -= 1

    def stop(self):
        self.listener.shutdown()
        self.listener.server_close()


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.forward(None)

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if not self.scripted.script or not self.path.endswith("/chat/completions"):
            return self.forward(body)
        events, pause = self.scripted.script
        self.scripted.bodies.append(json.loads(body))
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        with contextlib.suppress(OSError):
            for event in events:
                if event is None:
                    return
                self.wfile.write(b": a comment\n\ndata: " + json.dumps(event).encode() + b"\n\n")
                time.sleep(pause)
            self.wfile.write(b"data: [DONE]\n\n")

    def forward(self, body):
        names = ["Authorization", "Content-Type"]
        request = urllib.request.Request(
            self.real + self.path, body, {name: self.headers[name] for name in names if self.headers[name]}
        )
        with self.scripted.counted(body) if body else contextlib.nullcontext():
            try:
                answer = urllib.request.urlopen(request)
            except urllib.error.HTTPError as error:
                answer = error
            text = answer.read()
        self.send_response(answer.status)
        for name in ["Content-Type", "Content-Security-Policy"]:
            if name in answer.headers:
                self.send_header(name, answer.headers[name])
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_):
        pass
