// Recording a race: lanes run alone, in turns, several times.

import { answer } from "./answers.js";

// Runs every lane `count` times, and adds to its `runs` what each gave: { tokens, finish, timings }.
//
// `onProgress` hears the lane that runs, the number of its run and its tokens so far.
export async function record(model, lanes, asked, count, signal, onProgress) {
  // So that no lane has to read the prompt alone: the server reads a prompt once.
  await answer(model, { ...asked, plan: lanes[0].plan.plan, longest: 1 }, { signal, heard() {} });
  for (let run = 0; run < count; run++) {
    // Every other round runs backwards, so that a machine that grows slower does not favour the first lanes.
    for (const lane of run % 2 ? lanes.toReversed() : lanes) {
      const tokens = [];
      onProgress(lane, run, 0);
      const end = await answer(model, { ...asked, plan: lane.plan.plan }, {
        signal, heard(token) {
          tokens.push(token);
          onProgress(lane, run, tokens.length);
        },
      });
      lane.runs.push({ tokens, ...end });
    }
  }
}

const speedOf = run => run.timings.tokens_per_second;

// What a lane's runs give, beside those of vanilla: the median run is the one that is replayed.
export function summarise(lane, vanilla) {
  const median = medianRun(lane.runs), base = medianRun(vanilla.runs), speeds = lane.runs.map(speedOf);
  const equal = median.tokens.filter((token, place) => token.id === base.tokens[place]?.id).length;
  return {
    median, speed: speedOf(median), slowest: Math.min(...speeds), fastest: Math.max(...speeds),
    speedup: speedOf(base) > 0 ? speedOf(median) / speedOf(base) : null,
    same: equal / Math.max(median.tokens.length, base.tokens.length, 1),
  };
}

// Of an even number of runs, the slower of the middle two.
function medianRun(runs) {
  return runs.toSorted((one, other) => speedOf(one) - speedOf(other))[Math.floor((runs.length - 1) / 2)];
}
