// The race: chooses lanes, records them one after another, and replays them side by side.

import { $, button, make, sendOnEnter } from "./dom.js";
import { examples } from "./examples.js";
import { makeLane, placesOf, progressOf } from "./lanes.js";
import { distinct, groups, label, offered, usualLanes } from "./plans.js";
import { record, summarise } from "./recording.js";
import { setUpReplay } from "./replay.js";
import { showResults, times } from "./results.js";

export function setUpRace(server) {
  const replay = setUpReplay(), plans = distinct(offered(server.model).plans);

  async function run(prompt) {
    const chosen = [...document.querySelectorAll("#plans input:checked")].map(box => box.value);
    const lanes = plans.filter(plan => chosen.includes(plan.plan ?? "")).map(makeLane);
    const count = Number($("runs").value);
    replay.stop();
    $("board").replaceChildren(...lanes.map(lane => lane.row));
    $("lanes").replaceChildren(...lanes.map(lane => lane.panel));
    show({ board: true });
    $("track").scrollIntoView({ block: "start" });
    const signal = server.begin();
    $("halt").disabled = false;
    try {
      await record(server.model, lanes, {
        messages: [{ role: "user", content: prompt }], temperature: 0, longest: Number($("length").value),
      }, count, signal, progressOf(count));
    } catch (error) {
      if (error.name !== "AbortError") server.warn(error.message);
      server.refused(error);
    }
    $("halt").disabled = true;
    server.end();
    conclude(lanes);
  }

  // Shows what is recorded, if every lane has a run.
  function conclude(lanes) {
    if (lanes.some(lane => lane.runs.length === 0)) return show({});
    const vanilla = lanes.find(lane => lane.plan.plan === "off");
    for (const lane of lanes) {
      lane.summary = summarise(lane, vanilla);
      lane.speedup.textContent = times(lane.summary.speedup);
      if (lane.summary.median.finish === "length")
        lane.panel.append(make("p", { class: "note" }, `cut off after ${lane.summary.median.tokens.length} tokens`));
    }
    showResults(lanes);
    showLegend(placesOf(lanes));
    const fewest = Math.min(...lanes.map(lane => lane.runs.length));
    $("method").textContent = `Each lane ran alone, in turns with the others, ${fewest === 1 ? "once" : fewest + " times"}. `
      + "Speeds are medians; the replay shows the median run.";
    show({ board: true, results: true });
    $("track").scrollIntoView({ block: "start" });
    replay.start(lanes);
  }

  function show({ board = false, results = false }) {
    $("race-empty").hidden = board;
    $("track").hidden = !board;
    for (const id of ["controls", "figures"]) $(id).hidden = !results;
    $("lanes").hidden = !results;
  }

  function showLegend(places) {
    const swatch = place => make("span", { class: `swatch p${place % 8}` }, String(place + 1));
    const entry = (swatches, meaning) => swatches.length > 0 ? [make("li", {}, ...swatches, " " + meaning)] : [];
    $("legend").replaceChildren(
      ...entry(places.includes(0) ? [swatch(0)] : [], "trunk and head"),
      ...entry(places.filter(place => place > 0).map(swatch), "the head alone"),
      make("li", {}, "without colour: tokens of no cycle, or verified"));
  }

  // The plans as boxes. Vanilla always runs: the others are compared with it.
  function choices() {
    const usual = usualLanes(server.model);
    return groups(server.model, plans).map(([title, members]) => make("fieldset", {}, make("legend", {}, title),
      ...members.map(plan => make("label", { class: "choice", title: plan.warning ?? undefined }, make("input", {
        type: "checkbox", value: plan.plan ?? "", checked: usual.includes(plan), disabled: plan.plan === "off",
      }), label(plan)))));
  }

  sendOnEnter($("prompt"));
  $("race-form").addEventListener("submit", event => {
    event.preventDefault();
    const prompt = $("prompt").value.trim();
    if (prompt && !server.running) run(prompt);
  });
  $("halt").addEventListener("click", () => server.stop());
  $("plans").replaceChildren(...choices());
  $("length").max = server.model.largest_answer;
  $("length").value = Math.min(160, server.model.largest_answer);
  $("race-examples").replaceChildren(...examples(server.model, "race").map(text => make("li", {}, button(text, () => {
    $("prompt").value = text;
    $("race-form").requestSubmit();
  }))));
}
