"""The page's race: lanes run alone and in turns, and are replayed side by side on one clock."""

import pytest
from playwright.sync_api import expect

from conftest import LIST, REPEAT


@pytest.fixture
def race(page):
    page.get_by_role("tab", name="Race").click()
    return page


def start(page, runs=2):
    page.get_by_label("Runs").fill(str(runs))
    page.get_by_role("textbox", name="Prompt", exact=True).fill(REPEAT)
    page.keyboard.press("Enter")


def recorded(page):
    expect(page.locator("#controls")).to_be_visible(timeout=120_000)
    expect(page.locator("#start")).to_be_enabled()


def choose(page, *names):
    for box in page.locator("#plans input:not(:disabled)").all():
        box.set_checked(box.get_attribute("value") in names)


def shown(page):
    """The text of each lane."""
    return [text.inner_text() for text in page.locator("#lanes .text").all()]


def test_the_usual_lanes_are_of_every_kind(race):
    boxes = race.locator("#plans input:checked").all()
    assert [box.get_attribute("value") for box in boxes] == ["off", "ngram", "verified:4", "mtd:4", "mtd:6"]
    expect(race.get_by_role("checkbox", name="vanilla")).to_be_disabled()
    assert race.locator("#plans input").evaluate_all("all => all.every(box => box.value !== 'auto')"), "auto is ngram here"


def test_lanes_run_alone_in_turns(scripted, open_page):
    race = open_page(scripted)
    race.get_by_role("tab", name="Race").click()
    choose(race, "verified:4", "mtd:4")
    start(race, runs=3)
    recorded(race)
    assert scripted.most == 1
    lanes = ["off", "verified:4", "mtd:4"]
    # The first reads the prompt for all. Every other round runs backwards.
    assert [body["plan"] for body in scripted.passed] == ["off", *lanes, *reversed(lanes), *lanes]
    expect(race.locator("#method")).to_contain_text("alone, in turns with the others, 3 times")


def test_the_replay_shows_all_lanes_on_one_clock(race):
    choose(race, "ngram", "mtd:2")
    start(race)
    recorded(race)
    clock = race.get_by_label("Time")
    clock.fill("0")
    expect(race.locator("#play")).to_have_text("Play")
    assert shown(race) == ["", "", ""]
    lengths = []
    for time in [300, 600, 1000]:
        clock.fill(str(time))
        lengths.append([len(text) for text in shown(race)])
    assert all(one <= other for early, late in zip(lengths, lengths[1:]) for one, other in zip(early, late))
    # While vanilla, the slowest, is under way, others are ahead of it or have ended.
    assert lengths[1][0] < max(lengths[1]) and lengths[0] < lengths[2]
    whole = "\n".join([LIST] * 5)
    assert [text.rstrip() for text in shown(race)] == [whole] * 3
    clock.fill("500")
    early = shown(race)
    assert all(whole.startswith(text.rstrip()) for text in early)
    assert len(early[0]) < len(whole), "back in time"
    expect(race.locator("#board .state").first).to_contain_text("tokens")


def test_real_speed_and_slow_motion(race):
    choose(race, "mtd:4")
    start(race, runs=1)
    recorded(race)
    expect(race.locator("#play")).to_have_text("Pause")
    seconds = """() => new Promise(done => {
      const play = document.getElementById("play"), before = performance.now();
      play.click();
      new MutationObserver((_, observer) => {
        if (play.textContent !== "Replay") return;
        observer.disconnect();
        done((performance.now() - before) / 1000);
      }).observe(play, { childList: true, characterData: true, subtree: true });
    })"""
    race.get_by_label("Time").fill("1000")
    length = race.locator("#clock").inner_text()
    real = float(length.split()[0]) / (1000 if length.endswith("ms") else 1)
    speed = race.get_by_label("Speed of the replay")
    for name, slowdown in [("real speed", 1), ("5× slower", 5)]:
        speed.select_option(name)
        assert race.evaluate(seconds) == pytest.approx(real * slowdown, abs=0.25 + 0.2 * real * slowdown)
    speed.select_option("500× slower")
    race.locator("#play").click()
    race.locator("#play").click()
    expect(race.locator("#play")).to_have_text("Play")


def test_figures_and_legend(race):
    choose(race, "verified:4", "mtd:4")
    start(race)
    recorded(race)
    names = race.locator("#results thead th").all_inner_texts()
    rows = [dict(zip(names, row.locator("th, td").all_inner_texts())) for row in race.locator("#results tbody tr").all()]
    assert [row["lane"] for row in rows] == ["vanilla", "verified:4", "mtd 4"]
    assert rows[0]["speedup"] == "1.00×" and all(row["same as vanilla"] == "100 %" for row in rows[:2])
    for row in rows:
        slowest, fastest = map(float, row["slowest to fastest"].split(" to "))
        assert 0 < slowest <= float(row["tokens/s"]) <= fastest
        assert float(row["speedup"][:-1]) == pytest.approx(float(row["tokens/s"]) / float(rows[0]["tokens/s"]), abs=0.02)
    assert [row["drafts accepted"] == "–" for row in rows] == [True, False, True]
    race.get_by_label("Time").fill("1000")
    lanes = race.locator("#lanes .lane")
    assert lanes.nth(0).locator("[class^=p]").count() == 0, "vanilla has no cycles"
    # Four tokens a cycle: each place equally often, but for the last cycle.
    counts = [lanes.nth(2).locator(f".p{place}").count() for place in range(8)]
    assert counts[3] > 0 and counts[4:] == [0] * 4 and max(counts[:4]) - min(counts[:4]) <= 1
    assert race.locator("#legend .swatch").all_inner_texts() == ["1", "2", "3", "4"]


SUMMARISE = """async runs => {
  const { summarise } = await import("/page/recording.js");
  const lane = speeds => ({ runs: speeds.map(([speed, ids]) =>
    ({ tokens: ids.map(id => ({ id })), timings: { tokens_per_second: speed } })) });
  const { median, ...rest } = summarise(lane(runs.own), lane(runs.vanilla));
  return { ids: median.tokens.map(token => token.id), ...rest };
}"""


def test_a_lane_counts_by_its_median_run(page):
    summary = page.evaluate(
        SUMMARISE, {"own": [[90, [1, 2]], [30, [1, 3]], [60, [1, 2, 3, 5]]], "vanilla": [[10, [1, 2, 3, 4]], [20, [1]], [1, []], [40, [9]]]}
    )
    assert summary == {"ids": [1, 2, 3, 5], "speed": 60, "slowest": 30, "fastest": 90, "speedup": 6, "same": 0.75}


def test_a_phone_shows_the_speedup_wherever_it_is(race):
    start(race, runs=1)
    recorded(race)
    speedups = race.locator("#board .speedup").all()
    assert len(speedups) == 5
    for place in ["0", "1e6"]:
        if place != "0":
            race.locator("#race").evaluate(f"box => box.scrollTop = {place}")
        for speedup in speedups:
            expect(speedup).to_be_in_viewport(ratio=1)
            expect(speedup).to_have_text("1.00×" if speedup is speedups[0] else speedup.inner_text())
    expect(race.get_by_role("region", name="Figures")).to_be_in_viewport()


def test_escape_stops_and_examples_start(race):
    race.get_by_label("Runs").fill("15")
    race.get_by_role("button", name=REPEAT).click()
    expect(race.locator("#board")).to_contain_text("of 15")
    race.keyboard.press("Escape")
    expect(race.locator("#start")).to_be_enabled()
    expect(race.locator("#halt")).to_be_disabled()
    expect(race.get_by_role("alert")).to_be_hidden()


def test_no_motion_for_those_who_want_none(served, open_page):
    page = open_page(served, reduced_motion="reduce")
    page.get_by_role("tab", name="Race").click()
    choose(page, "mtd:4")
    start(page, runs=1)
    recorded(page)
    expect(page.locator("#play")).to_have_text("Replay")
    assert all(text.startswith(LIST) for text in shown(page))
