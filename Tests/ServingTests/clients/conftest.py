"""A real server with the embedded model, on a free port of this machine."""

import os
import pathlib
import re
import shutil
import signal
import subprocess

import openai
import pytest
from playwright import sync_api

from scripted import Scripted

ROOT = pathlib.Path(__file__).resolve().parents[3]
VOLLEY = os.environ.get("VOLLEY", ROOT / ".build/release/volley")
KEY = "a key"


class Served:
    def __init__(self, *options):
        environment = dict(os.environ, VOLLEY_API_KEY=KEY)
        self.process = subprocess.Popen(
            [VOLLEY, "serve", "--port", "0", *options], stderr=subprocess.PIPE, text=True, env=environment
        )
        lines, found = [], None
        # Warnings may come first.
        while not found:
            lines.append(self.process.stderr.readline())
            assert lines[-1], "".join(lines)
            found = re.search(r"at (http://127\.0\.0\.1:\d+)", lines[-1])
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


BROWSER = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")


@pytest.fixture(scope="session")
def browser():
    if BROWSER is None:
        pytest.skip("no Chromium: install the package chromium, or name the program in CHROMIUM")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser, request):
    """Opens a server's page, as a phone if nothing else is said, and checks at the end that all went well in it."""
    opened = []

    def open_page(server, width=390, height=844, **options):
        context = browser.new_context(viewport={"width": width, "height": height}, **options)
        page = context.new_page()
        problems = []
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("console", lambda message: "Content Security" in message.text and problems.append(message.text))
        page.on("request", lambda asked: asked.url.startswith((server.url, "data:")) or problems.append(asked.url))
        page.goto(server.url)
        page.get_by_label("API key").fill(KEY)
        page.keyboard.press("Enter")
        sync_api.expect(page.locator("#panels")).to_be_visible()
        opened.append((context, page, problems))
        return page

    yield open_page
    for number, (context, page, problems) in enumerate(opened):
        if folder := os.environ.get("SCREENSHOTS"):
            page.screenshot(path=f"{folder}/{request.node.name}-{number}.png")
        context.close()
        assert problems == [], "no script fails, the policy forbids nothing, and nothing is fetched from elsewhere"


@pytest.fixture
def scripted(served):
    scripted = Scripted(served)
    yield scripted
    scripted.stop()


@pytest.fixture
def page(served, open_page):
    return open_page(served)


MODEL = "volley-5m"
LIST = "75 36 57 54 59 38 91 42 52 17"
REPEAT = f"Repeat this list five times: {LIST}"
