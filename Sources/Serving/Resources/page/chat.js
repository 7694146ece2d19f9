// The chat: asks, shows the answer as it grows, and keeps the conversation.

import { answer } from "./answers.js";
import { chooseConversation } from "./chooser.js";
import * as conversations from "./conversations.js";
import { $, button, make, sendOnEnter } from "./dom.js";
import { examples, introduction, remembers } from "./examples.js";
import { follow } from "./follow.js";
import { fillSelect, label, planOf } from "./plans.js";
import { answerTurn, percent, textOf, userTurn } from "./turn.js";

// Sets the chat up. `server` has the model, `begin` and `end` of what runs, and hears of refusals.
export function setUpChat(server) {
  let chat = conversations.fresh(server.model.id, ""), shown = [];
  const toEnd = follow($("scroll"), $("turns"), $("latest"));

  function show(other) {
    server.stop();
    chat = other;
    $("system").value = chat.system;
    shown = chat.messages.map(message => message.role === "user" ? userTurn(message) : answerTurn(message, retry));
    $("turns").replaceChildren(...shown.map(turn => turn.element));
    $("empty").hidden = chat.messages.length > 0;
    toEnd();
  }

  function add(turn) {
    shown.push(turn);
    $("turns").append(turn.element);
    $("empty").hidden = true;
  }

  function dropLast() {
    shown.pop().element.remove();
    chat.messages.pop();
  }

  function send(question) {
    // A question that got no answer is not part of the conversation.
    while (chat.messages.length > 0 && !isAnswer(chat.messages.at(-1))) dropLast();
    const message = { role: "user", content: question };
    chat.messages.push(message);
    add(userTurn(message));
    toEnd();
    return ask();
  }

  function retry() {
    if (server.running || chat.messages.at(-1)?.role !== "assistant") return;
    dropLast();
    ask();
  }

  function asked() {
    const sent = $("earlier").checked ? chat.messages : chat.messages.slice(-1);
    const messages = sent.map(message => ({ role: message.role, content: textOf(message) }));
    chat.system = $("system").value.trim();
    return {
      messages: chat.system ? [{ role: "system", content: chat.system }, ...messages] : messages,
      plan: planOf(server.model, $("plan").value)?.plan, temperature: Number($("temperature").value),
      longest: Number($("longest").value) || undefined,
    };
  }

  async function ask() {
    const request = asked(), conversation = chat, signal = server.begin();
    const message = { role: "assistant", plan: label(planOf(server.model, $("plan").value)), tokens: [], thinking: "" };
    const turn = answerTurn(message, retry);
    chat.messages.push(message);
    add(turn);
    turn.element.setAttribute("aria-busy", "true");
    setRunning(true);
    save(conversation);
    let first = null;
    try {
      const end = await answer(server.model, request, {
        signal, heard: ({ text, thinking, place, at }) => {
          first ??= at;
          message.tokens.push({ text, place });
          message.thinking += thinking;
          message.speed = speed(message, message.tokens.length > 1 ? (message.tokens.length - 1) / (at - first) : 0);
          turn.update();
        },
      });
      conclude(message, end, request.longest ?? server.model.largest_answer);
    } catch (error) {
      const text = error.name === "AbortError" ? "Stopped before its end." : sentence(error.message);
      message[message.tokens.length > 0 ? "cut" : "problem"] = text;
      server.refused(error);
    }
    turn.element.removeAttribute("aria-busy");
    turn.show();
    $("spoken").textContent = message.problem ?? "The answer is complete. " + (message.cut ?? "") + textOf(message);
    setRunning(false);
    server.end();
    // The reader may have deleted it meanwhile.
    if (conversations.has(conversation.id)) save(conversation);
  }

  function save(conversation) {
    if (!conversations.save(conversation)) server.warn("This browser does not keep the chat: its storage is full or switched off.");
  }

  function setRunning(isRunning) {
    const hadFocus = [$("send"), $("stop")].includes(document.activeElement);
    [$("send").hidden, $("stop").hidden] = [isRunning, !isRunning];
    if (hadFocus) (isRunning ? $("stop") : $("message")).focus();
  }

  sendOnEnter($("message"));
  $("chat-form").addEventListener("submit", event => {
    event.preventDefault();
    const question = $("message").value.trim();
    if (!question || server.running) return;
    $("message").value = "";
    send(question);
  });
  $("stop").addEventListener("click", () => server.stop());
  $("new").addEventListener("click", () => {
    show(conversations.fresh(server.model.id, $("system").value.trim()));
    $("message").focus();
  });
  $("chats").addEventListener("click", () => chooseConversation(chat.id, show, () => $("new").click()));
  $("colours").addEventListener("change", () => shown.forEach(turn => turn.show()));
  $("plan").addEventListener("change", showWarning);

  function showWarning() {
    const warning = planOf(server.model, $("plan").value)?.warning;
    $("plan-warning").textContent = warning ? sentence(warning) : "";
  }

  function describe(model) {
    fillSelect($("plan"), model);
    showWarning();
    $("temperature").value = model.sampling.temperature ?? 0;
    $("longest").max = model.largest_answer;
    $("longest").placeholder = model.largest_answer;
    $("earlier").checked = remembers(model);
    for (const id of ["system-field", "earlier-field"]) $(id).hidden = !model.has_chat;
    $("empty").replaceChildren(make("h2", {}, "Ask " + model.id), make("p", {}, introduction(model)),
      make("ul", { class: "examples" }, ...examples(model, "chat").map(text =>
        make("li", {}, button(text, () => { if (!server.running) send(text) })))));
  }
  describe(server.model);
}

function speed(message, rate) {
  const count = message.tokens.length;
  return `${message.plan}: ${count} ${count === 1 ? "token" : "tokens"}${rate > 0 ? `, ${rate.toFixed(1)} tokens/s` : ""}`;
}

// Notes on an answer that has ended: its speed by the server's clock, the meter, and whether it was cut.
function conclude(message, { finish, timings }, longest) {
  const count = message.tokens.length;
  message.speed = speed(message, timings.tokens_per_second)
    + (timings.drafted_tokens ? `, ${timings.accepted_tokens} of ${timings.drafted_tokens} drafts accepted` : "");
  if (timings.agreement !== undefined)
    message.agreement = `Vanilla would have chosen ${percent(timings.agreement)} of ${timings.metered_tokens} tokens`;
  if (finish === "length")
    message.cut = `Cut off after ${count} tokens: ${count >= longest ? "an answer's limit" : "the model's context is full"}.`;
  if (count === 0) message.problem = "The model answered nothing.";
}

const isAnswer = message => message.role === "assistant" && textOf(message) !== "";

const sentence = text => text[0].toUpperCase() + text.slice(1) + (/[.!?]$/.test(text) ? "" : ".");
