"""The page as a whole: its files and their policy, its key, its tabs, its size on every screen, its contrast."""

import re
import urllib.request

import pytest
from playwright.sync_api import expect

from conftest import REPEAT

TYPES = {"html": "text/html", "css": "text/css", "js": "text/javascript"}


def fetch(url):
    with urllib.request.urlopen(url) as answer:
        return answer.headers, answer.read().decode()


def test_files_have_their_types_and_a_strict_policy(served):
    paths, seen = ["/"], set()
    while paths:
        path = paths.pop()
        seen.add(path)
        headers, text = fetch(served.url + path)
        kind = "html" if path == "/" else path.rsplit(".", 1)[1]
        assert headers["Content-Type"] == TYPES[kind] + "; charset=utf-8"
        assert headers["X-Content-Type-Options"] == "nosniff"
        policy = dict(rule.split(" ", 1) for rule in headers["Content-Security-Policy"].split("; "))
        assert policy["default-src"] == "'none'" and policy["script-src"] == policy["style-src"] == "'self'"
        assert "unsafe" not in headers["Content-Security-Policy"]
        if kind == "html":
            found = re.findall(r'(?:src|href)="(page/[^"]+)"', text)
            assert not re.search(r"<style|<script(?![^>]* src=)|\son\w+=|\sstyle=", text), "nothing is inline"
        else:
            found = ["page/" + name for name in re.findall(r'from "\./([^"]+)"', text)]
            assert "innerHTML" not in text
        paths += [found_path for found_path in {"/" + name for name in found} if found_path not in seen | set(paths)]
    assert len(seen) > 15


def test_a_wrong_key_is_asked_for_again(served, browser):
    context = browser.new_context()
    page = context.new_page()
    page.goto(served.url)
    page.get_by_label("API key").fill("not the key")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("the API key is wrong")
    expect(page.locator("#panels")).to_be_hidden()
    context.close()


def test_tabs_by_keyboard(page):
    page.get_by_role("tab", name="Chat").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tab", name="Race")).to_be_focused()
    expect(page.get_by_role("textbox", name="Prompt", exact=True)).to_be_visible()
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_role("textbox", name="Message")).to_be_visible()


def reached(page):
    """The controls that Tab reaches, each with an outline that shows where it is."""
    seen = []
    for _ in range(60):
        page.keyboard.press("Tab")
        focused = page.evaluate("""() => {
          const element = document.activeElement;
          return element === document.body ? null
            : [element.id || element.value || element.textContent.trim(), getComputedStyle(element).outlineStyle];
        }""")
        if focused is None or focused[0] in seen:
            break
        assert focused[1] != "none", focused
        seen.append(focused[0])
    return seen


def test_tab_reaches_every_control(page):
    page.get_by_role("tab", name="Chat").focus()
    chat = reached(page)
    assert chat[:3] == ["new", "chats", "Settings"] and chat[-3:] == ["message", "plan", "send"]
    assert REPEAT in chat, "the examples"
    page.get_by_role("tab", name="Chat").focus()
    page.keyboard.press("ArrowRight")
    race = reached(page)
    assert race[:2] == ["race", "prompt"] and {"verified:4", "mtd:2", "length", "runs", "start"} < set(race)


def fill(page):
    """An answer in the chat, then a race."""
    page.get_by_role("button", name=REPEAT).first.click()
    expect(page.locator("#send")).to_be_visible()
    page.locator("#settings summary").click()
    page.get_by_label("Plan").select_option("mtd:8")
    yield
    page.get_by_role("tab", name="Race").click()
    yield
    page.get_by_role("button", name=REPEAT).click()
    expect(page.locator("#controls")).to_be_visible(timeout=60_000)
    page.get_by_label("Time").fill("1000")
    yield


@pytest.mark.parametrize("width", [320, 390, 768, 1280, 1920])
def test_fits_every_screen(served, open_page, width):
    page = open_page(served, width=width)
    for _ in fill(page):
        for box in ["html", "#scroll", "#race"]:
            assert page.locator(box).evaluate("box => box.scrollWidth <= box.clientWidth"), box


# The least contrast of what is visible: text with its background, 4.5 or 3 for large text, and edges of controls, 3.
CONTRASTS = """() => {
  const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const over = (color, under) => {
    canvas.globalCompositeOperation = "source-over";
    canvas.fillStyle = under; canvas.fillRect(0, 0, 1, 1);
    canvas.fillStyle = color; canvas.fillRect(0, 0, 1, 1);
    return "rgb(" + [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3).join(" ") + ")";
  };
  const background = element => element ? over(getComputedStyle(element).backgroundColor, background(element.parentElement)) : "white";
  const luminance = color => {
    const [r, g, b] = color.match(/[\\d.]+/g).map(part => part / 255)
      .map(part => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ratio = (one, other) => {
    const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
  };
  const poor = [];
  for (const element of document.body.querySelectorAll("*")) {
    if (!element.checkVisibility()) continue;
    const style = getComputedStyle(element), under = background(element), name = element.outerHTML.slice(0, 60);
    const hasText = [...element.childNodes].some(node => node.nodeType === Node.TEXT_NODE && node.data.trim());
    const isLarge = parseFloat(style.fontSize) >= 24 || parseFloat(style.fontSize) >= 18.66 && style.fontWeight >= 700;
    const text = ratio(over(style.color, under), under);
    if ((hasText || element.value) && text < (isLarge ? 3 : 4.5)) poor.push(`${name}: text ${text}`);
    if (element.placeholder) {
      const placeholder = ratio(over(getComputedStyle(element, "::placeholder").color, under), under);
      if (placeholder < 4.5) poor.push(`${name}: placeholder ${placeholder}`);
    }
    if (element.matches("button:not(:disabled), select, textarea, input:not([type=checkbox], [type=range])")) {
      const outside = background(element.parentElement);
      const edge = Math.max(ratio(style.borderTopColor, outside), ratio(under, outside));
      if (edge < 3 && !style.borderTopColor.endsWith(" 0)")) poor.push(`${name}: edge ${edge}`);
    }
  }
  return poor;
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_contrast_is_that_of_wcag_aa(served, open_page, scheme):
    page = open_page(served, width=1280, color_scheme=scheme)
    for _ in fill(page):
        page.mouse.move(0, 0)
        assert page.evaluate(CONTRASTS) == []
    # Every place of a cycle, whatever the race has shown.
    page.locator("#legend").evaluate("""legend => [0, 1, 2, 3, 4, 5, 6, 7].forEach(place => {
      const swatch = document.createElement("span");
      swatch.className = "p" + place;
      swatch.append("place");
      legend.append(swatch);
    })""")
    assert page.evaluate(CONTRASTS) == []
