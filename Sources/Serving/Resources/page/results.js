// The figures of a race, as a table.

import { $, make } from "./dom.js";
import { percent } from "./turn.js";

const columns = [
  ["lane", lane => lane.name],
  ["speedup", lane => times(lane.summary.speedup)],
  ["tokens/s", lane => lane.summary.speed.toFixed(1)],
  ["slowest to fastest", lane => `${lane.summary.slowest.toFixed(1)} to ${lane.summary.fastest.toFixed(1)}`],
  ["tokens", lane => String(lane.summary.median.tokens.length)],
  ["first token", lane => milliseconds(lane.summary.median.tokens[0]?.at)],
  ["same as vanilla", lane => percent(lane.summary.same)],
];
// Columns for what only some plans have.
const further = [
  ["drafts accepted", ({ drafted_tokens, accepted_tokens }) => drafted_tokens && percent(accepted_tokens / drafted_tokens)],
  ["vanilla agrees", ({ agreement }) => agreement !== undefined && percent(agreement)],
].map(([name, cell]) => [name, lane => cell(lane.summary.median.timings) || "–"]);

export function showResults(lanes) {
  const shown = [...columns, ...further.filter(([, cell]) => lanes.some(lane => cell(lane) !== "–"))];
  $("results").tHead.replaceChildren(make("tr", {}, ...shown.map(([name]) => make("th", { scope: "col" }, name))));
  $("results").tBodies[0].replaceChildren(...lanes.map(lane => make("tr", {},
    ...shown.map(([, cell], index) => index === 0 ? make("th", { scope: "row" }, cell(lane)) : make("td", {}, cell(lane))))));
}

export const times = speedup => speedup === null ? "–" : speedup.toFixed(2) + "×";

const milliseconds = time => time === undefined ? "–" : (1000 * time).toFixed(0) + " ms";
