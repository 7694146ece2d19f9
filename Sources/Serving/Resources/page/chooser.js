// The dialogue with the chats that this browser keeps.

import * as conversations from "./conversations.js";
import { $, button, make } from "./dom.js";

// Lets the reader open or delete chats. `current` is the id of the one that is shown; `renew` is called if it is deleted.
export function chooseConversation(current, open, renew) {
  const dialog = $("kept"), close = () => dialog.close();

  function fill() {
    const chats = conversations.list();
    $("kept-list").replaceChildren(...chats.map(chat => make("li", {},
      button(conversations.title(chat), () => { close(); open(chat) }, { class: "title", "aria-current": chat.id === current }),
      make("span", { class: "note" }, `${chat.model}, ${new Date(chat.changed).toLocaleString()}`),
      button("Delete", () => forget([chat]), { "aria-label": "Delete " + conversations.title(chat) }))));
    $("kept-none").hidden = chats.length > 0;
    $("kept-clear").hidden = chats.length === 0;
  }

  function forget(chats) {
    chats.forEach(chat => conversations.remove(chat.id));
    if (chats.some(chat => chat.id === current)) renew();
    fill();
    $("kept-close").focus();
  }

  $("kept-close").onclick = close;
  $("kept-clear").onclick = () => forget(conversations.list());
  fill();
  dialog.showModal();
}
