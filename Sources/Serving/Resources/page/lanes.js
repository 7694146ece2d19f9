// A lane of the race: its row on the board, and its text below.

import { addToken } from "./answers.js";
import { make } from "./dom.js";
import { label } from "./plans.js";

export function makeLane(plan) {
  const name = label(plan);
  const bar = make("progress", { max: 1, value: 0, "aria-label": name });
  const state = make("span", { class: "state" }, "waits"), speedup = make("strong", { class: "speedup" });
  const text = make("div", { class: "text plain", tabindex: 0, role: "region", "aria-label": "Text of " + name });
  return {
    plan, name, bar, state, speedup, text, runs: [],
    row: make("li", {}, make("span", { class: "name" }, name), bar, state, speedup),
    panel: make("article", { class: "lane" }, make("h3", {}, name),
      ...(plan.warning ? [make("p", { class: "note bad" }, plan.warning)] : []), text),
  };
}

// Shows a lane's first `count` tokens of `most`.
export function showTokens(lane, tokens, count, most) {
  if (lane.shown > count) [lane.shown] = [0, lane.text.replaceChildren()];
  for (const token of tokens.slice(lane.shown ?? 0, count)) addToken(lane.text, token);
  if (lane.shown !== count) lane.text.scrollTop = lane.text.scrollHeight;
  lane.shown = count;
  lane.bar.value = count / most;
}

// Says how far a lane is; a phone has no room for `more`.
export function showState(lane, text, more) {
  lane.state.replaceChildren(text, make("span", { class: "more" }, more));
}

// Shows how far the recording of `count` runs is, at most once a frame.
export function progressOf(count) {
  let latest = null;
  const show = () => {
    const { lane, run, tokens } = latest;
    latest = null;
    if (lane.summary) return;
    showState(lane, `run ${run + 1} of ${count}`, `: ${tokens} tokens`);
    lane.bar.value = (run + 1) / count;
  };
  return (lane, run, tokens) => {
    if (latest === null) requestAnimationFrame(show);
    latest = { lane, run, tokens };
  };
}

// The places in the cycle that tokens of the lanes have, for the legend.
export const placesOf = lanes =>
  [...new Set(lanes.flatMap(lane => lane.summary.median.tokens.map(token => token.place)))].filter(place => place !== null)
    .sort((one, other) => one - other);
