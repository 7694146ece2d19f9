// One message of a chat, as the reader sees it.

import { addToken } from "./answers.js";
import { $, button, copyButton, make, replaceChanged } from "./dom.js";
import { renderMarkdown } from "./markdown.js";

export const textOf = message => message.content ?? message.tokens.map(token => token.text).join("");

export function userTurn(message) {
  const element = make("article", { class: "turn user", "aria-label": "You" },
    make("div", { class: "text plain" }, message.content), make("footer", {}, copyButton(() => message.content)));
  return { element, show() {} };
}

// An answer: { plan, tokens: [{ text, place }], thinking, speed, agreement, cut, problem }. Returns its element, and a function
// that shows what has changed, at most once a frame.
export function answerTurn(message, retry) {
  const thinking = make("div", { class: "plain" });
  const thoughts = make("details", { class: "thinking", hidden: true }, make("summary", {}, "Thinking"), thinking);
  const text = make("div", { class: "text" }), notes = make("div", { class: "notes" });
  const buttons = make("span", { class: "buttons" }, copyButton(() => textOf(message)),
    button("Retry", retry, { class: "retry" }));
  const element = make("article", { class: "turn answer", "aria-label": "Answer" }, thoughts, text,
    make("footer", {}, notes, buttons));
  let isDue = false;
  const show = () => {
    isDue = false;
    thoughts.hidden = !message.thinking;
    thinking.textContent = message.thinking;
    showText(text, message);
    replaceChanged(notes, notesOf(message));
  };
  show();
  return { element, update: () => { if (!isDue) requestAnimationFrame(show); isDue = true }, show };
}

function showText(place, message) {
  const isColoured = $("colours").checked;
  place.classList.toggle("plain", isColoured);
  const coloured = new DocumentFragment();
  if (isColoured) message.tokens.forEach(token => addToken(coloured, token));
  replaceChanged(place, isColoured ? [...coloured.childNodes] : renderMarkdown(textOf(message)));
}

function notesOf({ speed, agreement, cut, problem }) {
  return [
    cut && make("p", { class: "note bad cut" }, cut),
    problem && make("p", { class: "note bad", role: "alert" }, problem),
    speed && make("p", { class: "note speed" }, speed),
    agreement && make("p", { class: "note meter" }, agreement),
  ].filter(note => note);
}

export const percent = share => (100 * share).toFixed(share > 0.995 && share < 1 ? 1 : 0) + " %";
