// One answer of the model, token by token.

import { events } from "./server.js";

function request(model, { messages, plan, temperature, longest }) {
  const body = { model: model.id, temperature, ...(plan && { plan }), ...(longest && { max_tokens: longest }) };
  return model.has_chat
    ? ["v1/chat/completions", { ...body, messages }]
    : ["v1/completions", { max_tokens: model.largest_answer, ...body, prompt: messages.at(-1).content }];
}

// Asks for an answer and calls `heard` with each token: { text, thinking, place, id, at }, `at` in seconds since the request.
//
// Returns how it ended: { finish, timings }.
export async function answer(model, asked, { signal, heard }) {
  const end = { finish: null, timings: null };
  const start = performance.now();
  const [path, body] = request(model, asked);
  for await (const { time, event } of events(path, body, signal)) {
    const choice = event.choices[0];
    if (!choice) continue;
    end.finish = choice.finish_reason ?? end.finish;
    end.timings = choice.timings ?? end.timings;
    if (!choice.token_ids) continue;
    heard({
      text: choice.text ?? choice.delta.content ?? "", thinking: choice.delta?.reasoning_content ?? "",
      place: choice.cycle_place ?? null, id: choice.token_ids[0], at: (time - start) / 1000,
    });
  }
  return end;
}

// Adds a token's text to a place, coloured by its place in the cycle. Tokens without one are joined.
export function addToken(place, { text, place: index }) {
  if (!text) return;
  const last = place.lastChild;
  if (index === null && last?.nodeType === Node.TEXT_NODE) return last.appendData(text);
  if (index === null) return place.append(text);
  const span = document.createElement("span");
  span.className = "p" + (index % 8);
  span.textContent = text;
  place.append(span);
}
