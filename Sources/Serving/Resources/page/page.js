// The page: loads the model's description, then sets up the chat and the race, of which one runs at a time.

import { setUpChat } from "./chat.js";
import { $ } from "./dom.js";
import { training } from "./plans.js";
import { setUpRace } from "./race.js";
import { describeModel, useKey } from "./server.js";

// What the chat and the race share: the model, and what runs.
const server = {
  model: null,
  running: null,

  // Begins something that Stop and Escape end.
  begin() {
    this.running = new AbortController();
    this.warn("");
    this.setIdle(false);
    return this.running.signal;
  },

  end() {
    this.running = null;
    this.setIdle(true);
  },

  setIdle(isIdle) {
    for (const id of ["send", "start"]) $(id).disabled = !isIdle;
  },

  stop() {
    this.running?.abort();
  },

  warn(text) {
    $("problem").textContent = text;
    $("problem").hidden = !text;
  },

  // Asks for the key if it is missing or wrong.
  refused(error) {
    $("key-form").hidden = error.status !== 401;
  },
};

async function load() {
  server.warn("");
  try {
    const model = await describeModel();
    $("key-form").hidden = true;
    if (server.model) return;
    server.model = model;
  } catch (error) {
    server.refused(error);
    return server.warn(error.message);
  }
  $("model").textContent = `${server.model.id}, ${training(server.model)}`;
  setUpChat(server);
  setUpRace(server);
  $("panels").hidden = false;
  if (matchMedia("(hover: hover)").matches) $("message").focus();
}

function select(tab) {
  for (const other of document.querySelectorAll("[role=tab]")) {
    other.setAttribute("aria-selected", other === tab);
    other.tabIndex = other === tab ? 0 : -1;
    $(other.getAttribute("aria-controls")).hidden = other !== tab;
  }
}

for (const tab of document.querySelectorAll("[role=tab]")) {
  tab.addEventListener("click", () => select(tab));
  tab.addEventListener("keydown", event => {
    if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
    const other = $(tab.id === "tab-chat" ? "tab-race" : "tab-chat");
    select(other);
    other.focus();
  });
}
$("key-form").addEventListener("submit", event => {
  event.preventDefault();
  useKey($("key").value);
  load();
});
document.addEventListener("keydown", event => { if (event.key === "Escape" && !$("kept").open) server.stop() });
load();
