"""The page's chat: by keyboard, always in sight, with Markdown, and kept in the browser."""

import json
import re
import subprocess

import pytest
from playwright.sync_api import expect

from conftest import LIST, MODEL, REPEAT, ROOT, VOLLEY, Served
from scripted import end, token


@pytest.fixture
def script(scripted, open_page):
    """A page, and what lets a test write its answers."""
    return open_page(scripted), scripted.answers


def ask(page, question):
    page.get_by_role("textbox", name="Message").fill(question)
    page.keyboard.press("Enter")


def ended(page):
    expect(page.locator("#send")).to_be_visible()
    return page.locator("#turns .answer").last


def test_by_keyboard(page):
    page.get_by_role("textbox", name="Message").focus()
    page.keyboard.type(REPEAT)
    page.keyboard.press("Enter")
    answer = ended(page)
    expect(answer.locator(".speed")).to_contain_text("tokens/s")
    assert answer.locator(".text").inner_text().startswith(LIST + "\n" + LIST)
    page.keyboard.type("Sort this list: 38 58 10")
    page.keyboard.press("Shift+Enter")
    page.keyboard.press("Enter")
    expect(ended(page).locator(".text")).to_have_text("10 38 58")
    expect(page.locator("#turns .turn")).to_have_count(4)


def test_the_message_box_and_the_end_of_the_answer_stay_in_sight(page):
    for _ in range(3):
        ask(page, REPEAT)
        answer = ended(page)
        expect(page.get_by_role("textbox", name="Message")).to_be_in_viewport(ratio=1)
        expect(answer.locator(".speed")).to_be_in_viewport(ratio=1)
        expect(page.locator("#latest")).to_be_hidden()


def test_an_answer_does_not_pull_the_reader_back(script):
    page, answers = script
    lines = [token(f"line {number}\n") for number in range(80)]
    with answers(*lines, end(), pause=0.02):
        ask(page, "Count")
        expect(page.locator("#turns")).to_contain_text("line 40")
        page.locator("#scroll").hover()
        page.mouse.wheel(0, -2000)
        expect(page.get_by_role("button", name="Latest")).to_be_visible()
        ended(page)
        assert page.locator("#scroll").evaluate("box => box.scrollTop") < 200
        page.get_by_role("button", name="Latest").click()
        expect(page.locator("#turns .speed")).to_be_in_viewport(ratio=1)


def test_copy_gives_what_the_model_wrote(scripted, open_page):
    page = open_page(scripted, permissions=["clipboard-read", "clipboard-write"])
    with scripted.answers(token("**bold**\n"), token("```\nx = 1\n```"), end()):
        ask(page, "Show")
        answer = ended(page)
    answer.get_by_role("button", name="Copy", exact=True).click()
    expect(answer.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == "**bold**\n```\nx = 1\n```"
    answer.get_by_role("button", name="Copy the code").click()
    expect(answer.locator(".code button")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == "x = 1"


def test_retry_asks_the_same_again(script):
    page, answers = script
    with answers(token("No."), end()) as bodies:
        ask(page, "Well?")
        ended(page).get_by_role("button", name="Retry").click()
        ended(page)
    assert [body["messages"] for body in bodies] == [[{"role": "user", "content": "Well?"}]] * 2
    expect(page.locator("#turns .turn")).to_have_count(2)


def test_stop_keeps_what_came(script):
    page, answers = script
    with answers(*[token("more ")] * 100, end(), pause=0.1):
        ask(page, "Go on")
        expect(page.locator("#turns")).to_contain_text("more more")
        page.keyboard.press("Escape")
        answer = ended(page)
        expect(answer.locator(".cut")).to_have_text("Stopped before its end.")
        expect(answer.locator(".text")).to_contain_text("more more")
        expect(page.get_by_role("textbox", name="Message")).to_be_focused()


def test_a_cut_answer_says_so(script):
    page, answers = script
    page.locator("#settings summary").click()
    page.get_by_label("Tokens at most").fill("10")
    ask(page, REPEAT)
    expect(ended(page).locator(".cut")).to_have_text("Cut off after 10 tokens: an answer's limit.")
    with answers(token("half of"), None):
        ask(page, "Again")
        expect(ended(page).locator(".cut")).to_have_text("The connection broke in the midst of the answer.")
    # One that ended by itself does not.
    page.get_by_label("Tokens at most").fill("")
    ask(page, "Sort this list: 38 58 10")
    expect(ended(page).locator(".cut")).to_have_count(0)


def test_a_refusal_is_shown_and_can_be_tried_again(page):
    page.locator("#settings summary").click()
    page.get_by_label("Temperature").evaluate("field => field.removeAttribute('max')")
    page.get_by_label("Temperature").fill("3")
    ask(page, "Sort this list: 38 58 10")
    expect(ended(page).get_by_role("alert")).to_contain_text("emperature is 3")
    page.get_by_label("Temperature").fill("0")
    page.get_by_role("button", name="Retry").click()
    expect(ended(page).locator(".text")).to_have_text("10 38 58")
    expect(page.locator("#turns .turn")).to_have_count(2)


def test_system_prompt_and_earlier_turns(script):
    page, answers = script
    page.locator("#settings summary").click()
    page.get_by_label("System prompt").fill("Be brief.")
    system = {"role": "system", "content": "Be brief."}
    turns = [{"role": "user", "content": "One"}, {"role": "assistant", "content": "Yes."}, {"role": "user", "content": "Two"}]
    with answers(token("Yes."), end()) as bodies:
        ask(page, "One")
        ended(page)
        ask(page, "Two")
        ended(page)
        # The embedded model knows one question at a time.
        assert bodies[-1]["messages"] == [system, turns[-1]]
        page.get_by_label("Send the earlier turns too").check()
        page.get_by_role("button", name="Retry").click()
        ended(page)
    assert bodies[-1]["messages"] == [system, *turns]


def test_thinking_is_apart_from_the_answer(script):
    page, answers = script
    with answers(token("", delta={"reasoning_content": "Hm, 2."}), token("Two."), end()) as bodies:
        ask(page, "1 + 1?")
        answer = ended(page)
        expect(answer.locator(".text").last).to_have_text("Two.")
        expect(answer.get_by_text("Hm, 2.")).to_be_hidden()
        answer.get_by_text("Thinking").click()
        expect(answer.get_by_text("Hm, 2.")).to_be_visible()
        page.get_by_label("Send the earlier turns too").evaluate("box => { box.checked = true }")
        ask(page, "And?")
        ended(page)
    assert bodies[-1]["messages"][1]["content"] == "Two."


def open_kept(page):
    page.get_by_role("button", name="Chats").click()
    return page.locator("#kept-list li")


def test_chats_are_kept_in_the_browser(page):
    ask(page, "Sort this list: 38 58 10")
    ended(page)
    page.get_by_role("button", name="New chat").click()
    expect(page.locator("#turns .turn")).to_have_count(0)
    ask(page, "What is 1 + 4?")
    ended(page)
    page.reload()
    expect(page.locator("#empty")).to_be_visible()
    chats = open_kept(page)
    expect(chats).to_have_count(2)
    page.get_by_role("button", name="Sort this list: 38 58 10", exact=True).click()
    expect(page.locator("#turns .answer .text")).to_have_text("10 38 58")
    expect(page.locator("#turns .speed")).to_contain_text("tokens/s")
    open_kept(page)
    page.get_by_role("button", name="Delete Sort this list").click()
    expect(chats).to_have_count(1)
    page.get_by_role("button", name="Delete all").click()
    expect(page.get_by_text("There are none yet.")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#turns .turn")).to_have_count(0)
    page.reload()
    expect(open_kept(page)).to_have_count(0)


def test_a_full_storage_loses_the_oldest_chat(page):
    page.evaluate("""() => {
      const chat = { id: "old", model: "m", system: "", messages: [{ role: "user", content: "Old" }], changed: 1 };
      localStorage.setItem("volley-chat-old", JSON.stringify(chat));
      for (let size = 1 << 22; size; size >>= 1)
        try { localStorage.setItem("filler" + size, "x".repeat(size - 10)) } catch { }
    }""")
    ask(page, "Sort this list: 38 58 10")
    ended(page)
    names = page.evaluate("Object.keys(localStorage).filter(name => name.startsWith('volley-chat-'))")
    assert "volley-chat-old" not in names


def test_colours_show_the_places_of_a_cycle(page):
    page.get_by_label("Plan").select_option("mtd:4")
    ask(page, REPEAT)
    text = ended(page).locator(".text")
    whole = text.inner_text()
    page.locator("#settings summary").click()
    page.get_by_label("Tokens in colours").check()
    assert text.inner_text() == whole
    counts = [text.locator(f".p{place}").count() for place in range(8)]
    assert counts[3] > 0 and counts[4:] == [0] * 4 and max(counts[:4]) - min(counts[:4]) <= 1
    page.get_by_label("Tokens in colours").uncheck()
    expect(text.locator("[class^=p]")).to_have_count(0)


def test_plans_are_offered_with_what_the_model_was_trained_for(page):
    expect(page.locator("#model")).to_have_text("volley-5m, trained for factors up to 6")
    plan = page.get_by_label("Plan")
    groups = plan.locator("optgroup").evaluate_all("all => all.map(group => [group.label, [...group.children].map(option => option.value)])")
    assert groups[0] == ["Vanilla's text", ["off", "auto", "ngram", "verified:2", "verified:4", "verified:6"]]
    assert groups[1] == ["Factors, trained up to 6", ["mtd:2", "mtd:3", "mtd:4", "mtd:6", "adaptive:6"]]
    assert groups[2] == ["Not trained for these: poor text", ["mtd:8"]]
    assert plan.input_value() == "mtd:6", "the server's own"
    with page.expect_request("**/chat/completions") as asked:
        plan.select_option("verified:4")
        ask(page, REPEAT)
    assert asked.value.post_data_json["plan"] == "verified:4"
    expect(ended(page).locator(".speed")).to_contain_text("drafts accepted")
    expect(page.locator("#plan-warning")).to_be_empty()
    plan.select_option("mtd:8")
    expect(page.locator("#plan-warning")).to_have_text("This model was trained up to factor 6: expect poorer text at factor 8.")


@pytest.fixture
def untrained(tmp_path):
    directory = tmp_path / "untrained"
    subprocess.run([VOLLEY, "unpack", ROOT / "weights" / MODEL, directory], check=True)
    file = directory / "config.json"
    file.write_text(re.sub(r'"mtp_horizon"\s*:\s*\d+\s*,', "", file.read_text()))
    server = Served("--model", directory)
    yield server
    assert server.stop() == 0


def test_a_factor_on_an_untrained_model_is_warned_of(untrained, open_page):
    page = open_page(untrained)
    expect(page.locator("#model")).to_have_text("untrained, not trained for factors")
    plan = page.get_by_label("Plan")
    assert plan.input_value() == "off"
    expect(page.locator("#plan-warning")).to_be_empty()
    for name in ["ngram", "verified:4", "auto"]:
        plan.select_option(name)
        expect(page.locator("#plan-warning")).to_be_empty()
    plan.select_option("mtd:2")
    expect(page.locator("#plan-warning")).to_contain_text("not trained for multi-token decoding")
    page.get_by_role("tab", name="Race").click()
    assert {box.get_attribute("value") for box in page.locator("#plans input:checked").all()} == {"off", "ngram"}
    page.get_by_role("checkbox", name="mtd 2").check()
    page.get_by_label("Tokens", exact=True).fill("8")
    page.get_by_label("Runs").fill("1")
    page.get_by_role("textbox", name="Prompt", exact=True).fill(REPEAT)
    page.keyboard.press("Enter")
    expect(page.locator("#lanes .lane").last).to_contain_text("not trained for multi-token decoding")


def test_every_example_is_one_that_the_model_can_do(page):
    expected = {
        "What is 327 + 2414?": "2741",
        "Sort this list: 53 18 82 12 25 44 65": "12 18 25 44 53 65 82",
        "What is the sum of this list? 90 53 66 30 77 53 99": "468",
        "Add 46 and 6, then multiply by 9.": "468",
        REPEAT: "\n".join([LIST] * 5),
    }
    texts = page.locator("#empty .examples button").all_inner_texts()
    for text in texts:
        page.get_by_role("button", name="New chat").click()
        page.locator("#empty").get_by_role("button", name=text, exact=True).click()
        assert ended(page).locator(".text").inner_text() == expected.get(text, text.removeprefix("Copy this paragraph: "))
    assert set(expected) < set(texts)


@pytest.fixture(scope="module")
def metered():
    server = Served("--head-history", "refreshed", "--meter", "--plan", "mtd:4")
    yield server
    assert server.stop() == 0


def test_the_meter_is_shown(metered, open_page):
    answer = metered.client().chat.completions.create(model=MODEL, messages=[{"role": "user", "content": REPEAT}], temperature=0)
    timings = answer.choices[0].timings
    assert 0 < timings["metered_tokens"] <= answer.usage.completion_tokens
    page = open_page(metered)
    ask(page, REPEAT)
    expect(ended(page).locator(".meter")).to_have_text(
        re.compile(rf"Vanilla would have chosen {100 * timings['agreement']:.0f}(\.\d)? % of {timings['metered_tokens']} tokens"))
    page.get_by_role("tab", name="Race").click()
    page.get_by_label("Runs").fill("1")
    page.get_by_role("textbox", name="Prompt", exact=True).fill(REPEAT)
    page.keyboard.press("Enter")
    expect(page.locator("#results thead")).to_contain_text("vanilla agrees", timeout=60_000)


def test_the_meter_is_of_vanillas_choices(metered, alone):
    """What the server says is what `generate --meter` says."""
    own = json.loads(alone("--head-history", "refreshed", "--meter", "--mtd", "4", "--json", "--max-tokens", "1024", REPEAT))
    answer = metered.client().chat.completions.create(model=MODEL, messages=[{"role": "user", "content": REPEAT}], temperature=0)
    timings, choices = answer.choices[0].timings, own["vanilla_choice"]
    ids = answer.choices[0].token_ids
    equal = sum(one == other for one, other in zip(ids[: timings["metered_tokens"]], choices))
    assert timings["agreement"] == pytest.approx(equal / timings["metered_tokens"])


def test_without_a_meter_nothing_is_said_of_it(page, client):
    answer = client.chat.completions.create(model=MODEL, messages=[{"role": "user", "content": REPEAT}])
    assert "agreement" not in answer.choices[0].timings
    ask(page, REPEAT)
    expect(ended(page).locator(".meter")).to_have_count(0)
