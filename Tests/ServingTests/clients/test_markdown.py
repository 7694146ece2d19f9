"""The page's Markdown: what it makes of a text, as markup that is only read back here."""

import time

import pytest

RENDER = """async text => {
  const { renderMarkdown } = await import("/page/markdown.js");
  const box = document.createElement("div");
  box.append(...renderMarkdown(text));
  for (const button of box.querySelectorAll("button")) button.remove();
  for (const element of box.querySelectorAll("[tabindex], [rel]"))
    for (const name of ["tabindex", "rel", "target"]) element.removeAttribute(name);
  return box.innerHTML;
}"""


@pytest.fixture(scope="module")
def page(browser, served):
    page = browser.new_page()
    page.goto(served.url)
    yield page
    page.close()


@pytest.fixture
def render(page):
    return lambda text: page.evaluate(RENDER, text)


@pytest.mark.parametrize(
    "text, markup",
    [
        ("one\ntwo\n\nthree", "<p>one<br>two</p><p>three</p>"),
        ("# Title #\n## *Two*\n#no", "<h3>Title</h3><h4><em>Two</em></h4><p>#no</p>"),
        ("**bold *both* bold** __b__ _e_ ~~d~~", "<p><strong>bold <em>both</em> bold</strong> <strong>b</strong> <em>e</em> <del>d</del></p>"),
        ("5 * 685 * 3, snake_case_name, 2**3", "<p>5 * 685 * 3, snake_case_name, 2**3</p>"),
        ("`a*b*` and ``x ` y``", "<p><code>a*b*</code> and <code>x ` y</code></p>"),
        (r"\*not\* \`code\`", "<p>*not* `code`</p>"),
        ("**unfinished and `open", "<p>**unfinished and `open</p>"),
        ("```py\nif x:\n\n    y < 1\n```\nafter", '<div class="code"><pre><code>if x:\n\n    y &lt; 1</code></pre></div><p>after</p>'),
        ("~~~\n```\n~~~", '<div class="code"><pre><code>```</code></pre></div>'),
        ("```\nstill open", '<div class="code"><pre><code>still open</code></pre></div>'),
        ("- a\n- b\n  - c\n\n  more\n- d", "<ul><li>a</li><li>b<ul><li>c</li></ul><p>more</p></li><li>d</li></ul>"),
        ("3. c\n4. d", '<ol start="3"><li>c</li><li>d</li></ol>'),
        ("In\n1986. A year", "<p>In<br>1986. A year</p>"),
        ("12 18 25\n- 3", "<p>12 18 25</p><ul><li>3</li></ul>"),
        ("> a\n> > b\n\nc", "<blockquote><p>a</p><blockquote><p>b</p></blockquote></blockquote><p>c</p>"),
        ("---\n***", "<hr><hr>"),
        (
            "| a | b |\n|---|--:|\n| 1 | *2* |\n| 3 |",
            '<div class="scroll"><table><thead><tr><th>a</th><th class="end">b</th></tr></thead><tbody><tr><td>1</td>'
            '<td class="end"><em>2</em></td></tr><tr><td>3</td><td class="end"></td></tr></tbody></table></div>',
        ),
        ("[a](https://b.c/d_(e)) <mailto:a@b.c>", '<p><a href="https://b.c/d_(e)">a</a> <a href="mailto:a@b.c">mailto:a@b.c</a></p>'),
        ("See https://b.c/d_e_f.", '<p>See <a href="https://b.c/d_e_f">https://b.c/d_e_f</a>.</p>'),
        ("![alt](https://b.c/d.png)", '<p><a href="https://b.c/d.png">alt</a></p>'),
        ("", ""),
    ],
)
def test_markup(render, text, markup):
    assert render(text) == markup


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[a](javascript:alert(1))",
        "[a](JaVaScRiPt:alert(1)) [b](data:text/html,x) [c](vbscript:x) [d](//b.c) [e](/f)",
        "<javascript:alert(1)>",
        "![x](data:image/svg+xml,y)",
        "| <b>a</b> |\n|---|\n| <i onclick=x>b</i> |",
        "```<b>\n</code><script>x</script>\n```",
        "`<b>`",
    ],
)
def test_nothing_in_a_text_becomes_markup_or_an_unsafe_link(page, render, text):
    elements = page.evaluate(
        """async text => {
          const { renderMarkdown } = await import("/page/markdown.js");
          const box = document.createElement("div");
          box.append(...renderMarkdown(text));
          return [...box.querySelectorAll("*")].map(element => [element.tagName.toLowerCase(), element.getAttributeNames()]);
        }""",
        text,
    )
    assert {name for name, _ in elements} <= {"p", "pre", "code", "div", "button", "table", "thead", "tbody", "tr", "th", "td"}
    assert {name for _, names in elements for name in names} <= {"class", "tabindex", "type", "aria-label"}


@pytest.mark.parametrize(
    "piece", ["> ", "- ", "*a ", "_a ", "**", "[", "![a](", "`", "`` ` ", "|a", "#", "\\", "<https://", "~~a ", "```\n", "1. ", "|-", " \t", "https://("]
)
def test_no_text_takes_long(render, piece):
    text = piece * 3_000
    before = time.monotonic()
    render(text)
    render(text.replace(" ", "\n"))
    assert time.monotonic() - before < 3


def test_what_is_selected_stays_selected_while_the_text_grows(page):
    assert page.evaluate("""async () => {
      const { renderMarkdown } = await import("/page/markdown.js"), { replaceChanged } = await import("/page/dom.js");
      const box = document.createElement("div");
      document.body.append(box);
      replaceChanged(box, renderMarkdown("First.\\n\\nSec"));
      const first = box.firstChild;
      replaceChanged(box, renderMarkdown("First.\\n\\nSecond\\n\\n- item"));
      return [box.firstChild === first, box.textContent];
    }""") == [True, "First.Seconditem"]
