"""The page in a real browser: chat and race, by keyboard, on a phone, light and dark."""

import os
import shutil

import pytest
from playwright import sync_api
from playwright.sync_api import expect

from conftest import KEY, LIST, REPEAT

BROWSER = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = pytest.mark.skipif(
    BROWSER is None, reason="no Chromium: install the package chromium, or name the program in CHROMIUM"
)


@pytest.fixture(scope="module")
def browser():
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(params=["light", "dark"])
def page(browser, served, request):
    context = browser.new_context(viewport={"width": 360, "height": 740}, color_scheme=request.param)
    page = context.new_page()
    problems = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("request", lambda asked: asked.url.startswith((served.url, "data:")) or problems.append(asked.url))
    page.goto(served.url)
    page.get_by_label("API key").fill(KEY)
    page.keyboard.press("Enter")
    expect(page.locator("#model")).to_contain_text("volley-5m")
    yield page
    if folder := os.environ.get("SCREENSHOTS"):
        page.screenshot(path=f"{folder}/{request.node.name}.png", full_page=True)
    assert problems == [], "no script fails, and nothing is fetched from elsewhere"
    context.close()


def fits(page):
    return page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_chat_by_keyboard(page):
    page.get_by_label("Message").focus()
    page.keyboard.type(REPEAT)
    page.keyboard.press("Enter")
    answer = page.locator("#turns .turn").nth(1)
    expect(answer.locator(".speed")).to_contain_text("tokens/s")
    expect(page.locator("#send")).to_be_enabled()
    assert answer.locator(".text").inner_text().startswith(LIST + "\n" + LIST)
    assert fits(page)
    # A second turn sends the first one's messages too.
    page.get_by_label("Message").fill("Sort this list: 38 58 10")
    page.keyboard.press("Enter")
    expect(page.locator("#turns .turn")).to_have_count(4)
    expect(page.locator("#send")).to_be_enabled()


def test_race_by_keyboard(page):
    page.get_by_role("tab", name="Chat").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tab", name="Race")).to_be_focused()
    for label in ["mtd 2", "mtd 6"]:
        page.get_by_role("checkbox", name=label, exact=True).check()
    page.get_by_label("Prompt").fill(REPEAT)
    page.keyboard.press("Enter")
    rows = page.locator("#results tbody tr")
    expect(rows).to_have_count(4)
    expect(page.locator("#start")).to_be_enabled()
    cells = [row.locator("td").all_inner_texts() for row in rows.all()]
    assert [row[0] for row in cells] == ["vanilla", "mtd 2", "mtd 4", "mtd 6"]
    assert cells[0][4:] == ["1.00×", "100 %"]
    assert all(float(row[3]) > 0 for row in cells)
    lanes = page.locator("#lanes .turn")
    assert lanes.nth(0).locator(".text [class^=p]").count() == 0, "vanilla has no cycles"
    # Four tokens a cycle: each cycle index equally often, but for the last cycle.
    counts = [lanes.nth(2).locator(f".text .p{place}").count() for place in range(8)]
    assert counts[3] > 0 and counts[4:] == [0] * 4 and max(counts[:4]) - min(counts[:4]) <= 1
    assert fits(page)


def test_stop_and_errors(page):
    page.get_by_label("Message").fill(REPEAT)
    page.get_by_label("Temperature").fill("2")
    page.evaluate("document.getElementById('temperature').removeAttribute('max')")
    page.get_by_label("Temperature").fill("3")
    page.locator("#send").click()
    expect(page.get_by_role("alert")).to_contain_text("temperature is 3")
    expect(page.locator("#send")).to_be_enabled()
