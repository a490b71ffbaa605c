/** Draws a conversation. Entries keep their elements, so that a screen reader is told only of what is new. */

import { clock } from "../call/story.js";
import { element } from "./dom.js";

const SPEAKERS = { caller: "You", assistant: "Assistant", carrier: "Carrier", digits: "You press", tool: "Tool" };
const TOOL_STATES = { requested: "asked for", done: "done", refused: "refused", failed: "failed" };
const NEAR_PX = 40; // whoever has scrolled back further than this is reading, and is not pulled to the end

/** @param {HTMLOListElement} list @param entries from transcript.js */
export function drawTranscript(list, entries) {
  const view = list.parentElement; // null for a list that is not on the page yet
  const isAtEnd = view && view.scrollHeight - view.scrollTop - view.clientHeight < NEAR_PX;
  const drawn = new Map([...list.children].map((item) => [item.dataset.key, item]));
  entries.forEach((entry, index) => {
    const fingerprint = JSON.stringify(entry);
    let item = drawn.get(entry.key);
    drawn.delete(entry.key);
    if (!item || item.fingerprint !== fingerprint) {
      const fresh = drawEntry(entry);
      fresh.fingerprint = fingerprint;
      item?.replaceWith(fresh);
      item = fresh;
    }
    if (list.children[index] !== item) list.insertBefore(item, list.children[index] ?? null);
  });
  for (const gone of drawn.values()) gone.remove();
  if (isAtEnd) view.scrollTop = view.scrollHeight;
}

function drawEntry(entry) {
  const item = element("li", { className: `entry ${entry.kind}` }, drawHead(entry));
  item.dataset.key = entry.key;
  if (entry.isPending) item.classList.add("pending");
  if (entry.kind === "tool") item.append(...drawTool(entry.tool));
  else item.append(drawText(entry));
  return item;
}

function drawHead({ kind, at, responseMs, isPending }) {
  const facts = [clock(at)];
  if (isPending) facts.push("being spoken");
  if (typeof responseMs === "number") facts.push(`answered in ${responseMs} ms`);
  return element("p", { className: "head" }, `${SPEAKERS[kind] ?? kind} `, element("small", {}, facts.join(" · ")));
}

function drawText({ text, unheard }) {
  const cut = unheard ? element("s", { title: "Generated, but never heard" }, ` ${unheard}`) : null;
  return element("p", {}, text, cut);
}

function drawTool({ name, arguments: asked, output, status }) {
  const state = TOOL_STATES[status] ?? status;
  const details = [element("pre", {}, pretty(asked)), output ? element("pre", {}, pretty(output)) : null];
  return [
    element("p", {}, element("strong", {}, name.replaceAll("_", " ")), ` ${state}`),
    element("details", {}, element("summary", {}, "Details"), ...details.filter(Boolean)),
  ];
}

function pretty(json) {
  try {
    return JSON.stringify(typeof json === "string" ? JSON.parse(json) : json, null, 2);
  } catch {
    return json; // an engine may send malformed arguments; they are shown as they came
  }
}
