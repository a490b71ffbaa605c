/** The list of past calls; one opened at a time shows its recording and its conversation. */

import { audioUrl } from "../call/carrier.js";
import { clock, retell } from "../call/story.js";
import { transcriptOf } from "../call/transcript.js";
import { element } from "./dom.js";
import { drawTranscript } from "./transcript-view.js";

const DISPOSITIONS = {
  transferred: "Put through",
  booked: "Booked",
  message_taken: "Message taken",
  answered: "Answered",
  screened_out: "Screened out",
  blocked: "Blocked",
  abandoned: "Left unfinished",
  failed: "Failed",
};

/**
 * @param {HTMLUListElement} list
 * @param {Array<{sid: string, carried: object|null, stored: object|null}>} calls
 * @param {(sid: string) => Promise<object|null>} fetchRecord the application's whole record of a call
 */
export function drawCalls(list, calls, fetchRecord) {
  const opened = list.querySelector("[aria-expanded=true]")?.dataset.sid;
  list.replaceChildren(...calls.map((call) => drawCall(call, fetchRecord)));
  if (!calls.length) list.append(element("li", { className: "empty" }, "No calls yet. Ring the assistant."));
  list.setAttribute("aria-busy", "false");
  [...list.querySelectorAll("button")].find(({ dataset }) => dataset.sid === opened)?.click();
}

function drawCall(call, fetchRecord) {
  const panel = element("div", { className: "panel", id: `panel-${call.sid}`, hidden: true });
  const button = element(
    "button",
    { type: "button", className: "call", "aria-expanded": "false", "aria-controls": panel.id },
    element("span", { className: "who" }, callerOf(call)),
    element("span", { className: "outcome" }, outcomeOf(call)),
    element("small", {}, factsOf(call)),
  );
  button.dataset.sid = call.sid;
  button.addEventListener("click", () => toggle(button, panel, call, fetchRecord));
  return element("li", {}, button, panel);
}

async function toggle(button, panel, call, fetchRecord) {
  const isOpening = panel.hidden;
  for (const other of button.closest("ul").querySelectorAll("[aria-expanded=true]")) {
    other.setAttribute("aria-expanded", "false");
    document.getElementById(other.getAttribute("aria-controls")).hidden = true;
  }
  if (!isOpening) return;
  button.setAttribute("aria-expanded", "true");
  panel.hidden = false;
  panel.replaceChildren(element("p", { className: "note" }, "Loading…"));
  try {
    panel.replaceChildren(...drawPanel(call, await fetchRecord(call.sid)));
  } catch (error) {
    panel.replaceChildren(element("p", { className: "alert", role: "alert" }, error.message));
  }
}

function drawPanel({ sid, carried }, record) {
  const parts = [];
  if (carried) {
    const label = "Recording: the caller left, the assistant right";
    parts.push(element("audio", { controls: true, preload: "none", src: audioUrl(sid), "aria-label": label }));
  }
  for (const { what, code } of record?.troubles ?? []) {
    parts.push(element("p", { className: "alert" }, `Trouble: ${what}${code ? ` (${code})` : ""}`));
  }
  for (const message of record?.messages ?? []) parts.push(drawMessage(message));
  const entries = transcriptOf(retell(carried?.events ?? []), record);
  const transcript = element("ol", { className: "transcript", "aria-label": "What was said" });
  drawTranscript(transcript, entries);
  parts.push(entries.length ? transcript : element("p", { className: "empty" }, "Nothing was said."));
  if (!record) parts.push(element("p", { className: "note" }, "The application has no record of this call."));
  return parts;
}

function drawMessage(message) {
  const text = message.text ?? message.body ?? "";
  return element("p", { className: "message" }, element("strong", {}, "Message for the owner: "), text);
}

function callerOf({ carried, stored }) {
  const shown = stored?.caller?.number ?? carried?.from;
  return shown && shown !== "anonymous" ? shown : "Hidden number";
}

function outcomeOf({ carried, stored }) {
  if (stored?.disposition) return DISPOSITIONS[stored.disposition] ?? stored.disposition;
  return (stored?.carrier_status ?? carried?.status ?? "").replaceAll("-", " ");
}

function factsOf({ carried, stored }) {
  const began = stored?.started_at ? new Date(stored.started_at) : null;
  const facts = began ? [began.toLocaleString([], { dateStyle: "medium", timeStyle: "short" })] : [];
  const duration = stored?.duration_s ?? carried?.duration_s;
  if (typeof duration === "number") facts.push(clock(duration));
  if (stored?.cost_micro_usd) facts.push(`$${(stored.cost_micro_usd / 1e6).toFixed(3)}`);
  return facts.join(" · ");
}
