// Replays the recorded lanes side by side on one clock, at real speed or slower.

import { $ } from "./dom.js";
import { showState, showTokens } from "./lanes.js";

const slowdowns = [1, 2, 5, 10, 20, 50, 100, 200, 500];
// A race that is over sooner is shown in slow motion.
const shortest = 4;

export function setUpReplay() {
  let lanes = [], end = 0, most = 1, time = 0, frame = null, before = 0;

  function draw() {
    for (const lane of lanes) {
      const tokens = lane.summary.median.tokens, last = tokens.at(-1)?.at ?? 0;
      const next = tokens.findIndex(token => token.at > time), count = next < 0 ? tokens.length : next;
      showTokens(lane, tokens, count, most);
      lane.row.classList.toggle("done", count === tokens.length);
      if (count === tokens.length) showState(lane, seconds(last), `, ${count} tokens`);
      else showState(lane, String(count), " tokens");
    }
    $("time").value = end > 0 ? 1000 * time / end : 0;
    $("time").setAttribute("aria-valuetext", `${seconds(time)} of ${seconds(end)}`);
    $("clock").textContent = seconds(time);
    $("play").textContent = frame !== null ? "Pause" : time < end ? "Play" : "Replay";
  }

  function tick(now) {
    time = Math.min(end, time + (now - before) / 1000 / Number($("speed").value));
    before = now;
    frame = time < end ? requestAnimationFrame(tick) : null;
    draw();
  }

  function pause() {
    if (frame !== null) cancelAnimationFrame(frame);
    frame = null;
  }

  function play() {
    if (time >= end) time = 0;
    before = performance.now();
    frame = requestAnimationFrame(tick);
    draw();
  }

  $("speed").replaceChildren(...slowdowns.map(factor => new Option(factor === 1 ? "real speed" : `${factor}× slower`, factor)));
  $("play").addEventListener("click", () => {
    if (frame === null) return play();
    pause();
    draw();
  });
  $("time").addEventListener("input", () => {
    pause();
    time = end * $("time").value / 1000;
    draw();
  });

  return {
    stop() {
      pause();
      lanes = [];
    },

    // Shows lanes with their summaries; begins at once, unless the reader wants no motion.
    start(recorded) {
      pause();
      lanes = recorded;
      const runs = lanes.map(lane => lane.summary.median.tokens);
      end = Math.max(0, ...runs.map(tokens => tokens.at(-1)?.at ?? 0));
      most = Math.max(1, ...runs.map(tokens => tokens.length));
      $("speed").value = slowdowns.find(factor => end * factor >= shortest) ?? slowdowns.at(-1);
      if (matchMedia("(prefers-reduced-motion: reduce)").matches) {
        time = end;
        return draw();
      }
      time = 0;
      play();
    },
  };
}

const seconds = time => time < 1 ? `${(1000 * time).toFixed(0)} ms` : `${time.toFixed(2)} s`;
