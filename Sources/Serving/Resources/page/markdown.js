// Markdown as nodes: what models write of CommonMark, and GitHub's tables and strikethrough. A line break stays one.
//
// Markup in the text stays text, and only links to http, https and mailto become links. Nothing is fetched.

import { copyButton, make } from "./dom.js";

// Nesting beyond this stays text, so that no text makes the parser slow or deep.
const deepest = 12;

const patterns = {
  fence: /^ {0,3}(`{3,}|~{3,}) *([^`]*)$/,
  heading: /^ {0,3}(#{1,6})(?: +(.*?))?(?: +#+)? *$/,
  rule: /^ {0,3}([-*_])(?: *\1){2,} *$/,
  quote: /^ {0,3}> ?/,
  item: /^( *)([-*+]|\d{1,9}[.)])( +)(?=\S)/,
  delimiters: /^ *\|?(?: *:?-+:? *\|)+(?: *:?-+:? *)?$/,
};

export function renderMarkdown(text) {
  return blocks(text.split("\n"), 0);
}

function blocks(lines, depth) {
  const nodes = [];
  for (let at = 0; at < lines.length;) {
    if (!lines[at].trim()) { at++; continue }
    const block = depth < deepest && (fence(lines, at) ?? heading(lines, at) ?? rule(lines, at) ?? quote(lines, at, depth)
      ?? list(lines, at, depth) ?? table(lines, at)) || paragraph(lines, at, depth < deepest);
    nodes.push(block.node);
    at = block.end;
  }
  return nodes;
}

// Each of these reads the block that begins at a line: its node, and the line after it; null if none of the kind begins there.

function fence(lines, start) {
  const opening = patterns.fence.exec(lines[start]);
  if (!opening) return null;
  const isClosing = line => /^ {0,3}(`+|~+) *$/.exec(line)?.[1].startsWith(opening[1]);
  let end = start + 1;
  while (end < lines.length && !isClosing(lines[end])) end++;
  const text = lines.slice(start + 1, end).join("\n");
  const code = make("code", {}, text);
  const box = make("div", { class: "code" }, copyButton(() => text, { "aria-label": "Copy the code" }),
    make("pre", { tabindex: 0 }, code));
  return { node: box, end: end + 1 };
}

function heading(lines, start) {
  const found = patterns.heading.exec(lines[start]);
  if (!found) return null;
  // The page itself has the first two ranks.
  const rank = Math.min(6, found[1].length + 2);
  return { node: make("h" + rank, {}, ...inline(found[2] ?? "")), end: start + 1 };
}

function rule(lines, start) {
  return patterns.rule.test(lines[start]) ? { node: make("hr"), end: start + 1 } : null;
}

function quote(lines, start, depth) {
  let end = start;
  while (end < lines.length && patterns.quote.test(lines[end])) end++;
  if (end === start) return null;
  const inner = lines.slice(start, end).map(line => line.replace(patterns.quote, ""));
  return { node: make("blockquote", {}, ...blocks(inner, depth + 1)), end };
}

function list(lines, start, depth) {
  const first = patterns.item.exec(lines[start]);
  if (!first) return null;
  const isOrdered = /\d/.test(first[2]);
  const node = isOrdered ? make("ol", { start: parseInt(first[2]) }) : make("ul");
  let at = start;
  for (;;) {
    const item = at < lines.length ? patterns.item.exec(lines[at]) : null;
    if (!item || item[1].length > first[1].length + 1 || /\d/.test(item[2]) !== isOrdered) break;
    const indent = item[0].length;
    const inner = [lines[at].slice(indent)];
    // What is indented belongs to the item, blank lines before it too.
    for (at++; at < lines.length; at++) {
      if (lines[at].trim() && depthOf(lines[at]) <= item[1].length + 1) break;
      inner.push(lines[at].slice(Math.min(indent, depthOf(lines[at]))));
    }
    const content = blocks(inner, depth + 1);
    const isTight = content[0]?.tagName === "P";
    node.append(make("li", {}, ...(isTight ? [...content[0].childNodes, ...content.slice(1)] : content)));
  }
  return { node, end: at };
}

const depthOf = line => /^ */.exec(line)[0].length;

function table(lines, start) {
  if (start + 1 >= lines.length || !lines[start].includes("|") || !patterns.delimiters.test(lines[start + 1])) return null;
  const cells = line => line.trim().replace(/^\||\|$/g, "").split(/(?<!\\)\|/).map(cell => cell.trim().replaceAll("\\|", "|"));
  const sides = cells(lines[start + 1]).map(cell => /^-+:$/.test(cell) ? "end" : /^:-+:$/.test(cell) ? "middle" : undefined);
  const row = (tag, line) => make("tr", {}, ...sides.map((side, index) =>
    make(tag, { class: side }, ...inline(cells(line)[index] ?? ""))));
  let end = start + 2;
  while (end < lines.length && lines[end].includes("|")) end++;
  const body = make("tbody", {}, ...lines.slice(start + 2, end).map(line => row("td", line)));
  const node = make("table", {}, make("thead", {}, row("th", lines[start])), body);
  return { node: make("div", { class: "scroll", tabindex: 0 }, node), end };
}

function paragraph(lines, start, canEnd) {
  let end = start + 1;
  while (end < lines.length && lines[end].trim() && !(canEnd && interrupts(lines, end))) end++;
  return { node: make("p", {}, ...inline(lines.slice(start, end).map(line => line.trim()).join("\n"))), end };
}

function interrupts(lines, at) {
  const line = lines[at], item = patterns.item.exec(line);
  // A number that begins a line of a paragraph is seldom a list.
  return [patterns.fence, patterns.heading, patterns.rule, patterns.quote].some(pattern => pattern.test(line))
    || item && (!/\d/.test(item[2]) || parseInt(item[2]) === 1) || table(lines, at) !== null;
}

// Sticky expressions for what may begin at a character of a line, and the node that each gives.
const spans = [
  [/\\([!-/:-@[-`{-~])/y, ([, character]) => character],
  [/[ \t]*\n/y, () => make("br")],
  [/(?<!`)(`+)(?!`)([^]*?[^`])\1(?!`)/y, ([, , code]) => make("code", {}, code.replace(/^ (.*\S.*) $/, "$1"))],
  [/!?\[([^[\]]*)\]\(\s*<?([^\s()<>]*(?:\([^\s()]*\)[^\s()<>]*)*)>?(?:\s+"[^"]*")?\s*\)/y,
    ([whole, text, url], depth) => link(url, inline(text || url, depth + 1)) ?? whole],
  [/<((?:https?:\/\/|mailto:)[^\s<>]+)>/y, ([whole, url]) => link(url, [url]) ?? whole],
  [/https?:\/\/[^\s<>"'`\])]*[^\s<>"'`\]).,:;!?*_]/y, ([url]) => link(url, [url]) ?? url],
  [/(\*\*|(?<![\p{L}\d_])__)(?=\S)([^]*?\S)\1/uy, ([, , text], depth) => make("strong", {}, ...inline(text, depth + 1))],
  [/\*(?=[^\s*])((?:[^*]|\*\*)*?[^\s*])\*(?!\*)/y, ([, text], depth) => make("em", {}, ...inline(text, depth + 1))],
  [/(?<![\p{L}\d_])_(?=[^\s_])([^_]*[^\s_])_(?![\p{L}\d_])/uy, ([, text], depth) => make("em", {}, ...inline(text, depth + 1))],
  [/~~(?=\S)([^]*?\S)~~/y, ([, text], depth) => make("del", {}, ...inline(text, depth + 1))],
];
const plain = /[\p{L}\d]+|[^]/uy;

function link(url, content) {
  if (!/^(https?:\/\/|mailto:)/i.test(url)) return null;
  return make("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, ...content);
}

function inline(text, depth = 0) {
  const nodes = [];
  let run = "";
  const add = node => {
    if (typeof node === "string") { run += node; return }
    if (run) nodes.push(run);
    run = "";
    nodes.push(node);
  };
  for (let at = 0; at < text.length;) {
    const found = depth < deepest ? spanAt(text, at, depth) : null;
    plain.lastIndex = at;
    const length = found?.length ?? plain.exec(text)[0].length;
    add(found?.node ?? text.slice(at, at + length));
    at += length;
  }
  if (run) nodes.push(run);
  return nodes;
}

function spanAt(text, at, depth) {
  if (!"\\`[!<h*_~\n \t".includes(text[at])) return null;
  for (const [pattern, node] of spans) {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match) return { node: node(match, depth), length: match[0].length };
  }
  return null;
}
