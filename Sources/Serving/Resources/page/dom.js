// Helpers to find and make elements. Text only ever becomes text nodes, never markup.

export const $ = id => document.getElementById(id);

// Makes an element. An attribute that is undefined or false is left out.
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes))
    if (value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : value);
  element.append(...children);
  return element;
}

export function button(text, action, attributes = {}) {
  const element = make("button", { type: "button", ...attributes }, text);
  element.addEventListener("click", action);
  return element;
}

// Puts nodes in a place, but leaves the ones that are there already, so that what the reader has selected stays so.
export function replaceChanged(place, nodes) {
  nodes.forEach((node, index) => {
    const old = place.childNodes[index];
    if (!old) place.append(node);
    else if (!old.isEqualNode(node)) old.replaceWith(node);
  });
  while (place.childNodes.length > nodes.length) place.lastChild.remove();
}

export async function copy(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  // Browsers offer the clipboard to secure origins only.
  const area = make("textarea", { class: "unseen" });
  area.value = text;
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
}

// A button that copies what `text` returns, and says so.
export function copyButton(text, attributes = {}) {
  const element = button("Copy", async () => {
    await copy(text());
    element.textContent = "Copied";
    setTimeout(() => { element.textContent = "Copy" }, 1500);
  }, attributes);
  return element;
}

// Enter sends a text area's form; Shift+Enter is a new line.
export function sendOnEnter(area) {
  area.addEventListener("keydown", event => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    area.form.requestSubmit();
  });
}
