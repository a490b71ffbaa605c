/** The list of past calls; one opened at a time shows its recording and its conversation. */

import { audioUrl, carriedCall, storedCall } from "../call/carrier.js";
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

const MESSAGES = { taken: "Message", voicemail: "Voicemail" };

/**
 * @param {HTMLUListElement} list
 * @param {Array<{sid: string, carried: object|null, stored: object|null}>} calls `carried` as the carrier lists a call,
 *   `stored` as the application does; null where one of them does not know it
 */
export function drawCalls(list, calls) {
  const opened = list.querySelector("[aria-expanded=true]")?.dataset.sid;
  list.replaceChildren(...calls.map(drawCall));
  if (!calls.length) list.append(element("li", { className: "empty" }, "No calls yet. Ring the assistant."));
  list.setAttribute("aria-busy", "false");
  [...list.querySelectorAll("button")].find(({ dataset }) => dataset.sid === opened)?.click();
}

function drawCall(call) {
  const panel = element("div", { className: "panel", id: `panel-${call.sid}`, hidden: true });
  const button = element(
    "button",
    { type: "button", className: "call", "aria-expanded": "false", "aria-controls": panel.id },
    element("span", { className: "who" }, callerOf(call)),
    element("span", { className: "outcome" }, outcomeOf(call)),
    element("small", {}, factsOf(call)),
  );
  button.dataset.sid = call.sid;
  button.addEventListener("click", () => toggle(button, panel, call));
  return element("li", {}, button, panel);
}

async function toggle(button, panel, { sid, carried }) {
  const isOpening = panel.hidden;
  for (const other of button.closest("ul").querySelectorAll("[aria-expanded=true]")) {
    other.setAttribute("aria-expanded", "false");
    document.getElementById(other.getAttribute("aria-controls")).hidden = true;
  }
  if (!isOpening) return;
  button.setAttribute("aria-expanded", "true");
  panel.hidden = false;
  panel.replaceChildren(element("p", { className: "note" }, "Loading…"));
  const [told, record] = await Promise.allSettled([carried ? carriedCall(sid) : { events: [] }, storedCall(sid)]);
  panel.replaceChildren(
    ...(carried ? [drawRecording(sid)] : []),
    ...drawRecord(record),
    ...drawConversation(told.value?.events ?? [], record.value ?? null),
  );
}

function drawRecording(sid) {
  const label = "Recording: the caller left, the assistant right";
  return element("audio", { controls: true, preload: "none", src: audioUrl(sid), "aria-label": label });
}

/** What the application holds of the call besides the conversation, or why that cannot be told. */
function drawRecord({ status, value, reason }) {
  if (status === "rejected") return [element("p", { className: "alert", role: "alert" }, reason.message)];
  if (!value) return [element("p", { className: "note" }, "The application has no record of this call.")];
  const troubles = value.troubles.map(({ what, code }) => `Trouble: ${what.replaceAll("_", " ")}${code && ` (${code})`}`);
  return [...troubles.map((text) => element("p", { className: "alert" }, text)), ...value.messages.map(drawMessage)];
}

function drawMessage({ kind, text, caller_name, callback_number, urgency }) {
  const from = [caller_name, callback_number, urgency === "urgent" ? "urgent" : ""].filter(Boolean).join(" · ");
  const title = element("strong", {}, `${MESSAGES[kind] ?? kind} for the owner`);
  return element("p", { className: "message" }, title, ` ${from}`, element("br"), text);
}

function drawConversation(events, record) {
  const entries = transcriptOf(retell(events), record);
  if (!entries.length) return [element("p", { className: "empty" }, "Nothing was said.")];
  const transcript = element("ol", { className: "transcript", "aria-label": "What was said" });
  drawTranscript(transcript, entries);
  return [transcript];
}

function callerOf({ carried, stored }) {
  const number = stored ? stored.caller.number : carried.from;
  const shown = number?.startsWith("+") ? number : "Hidden number";
  return stored?.caller.name ? `${stored.caller.name}, ${shown}` : shown;
}

function outcomeOf({ carried, stored }) {
  if (stored?.disposition) return DISPOSITIONS[stored.disposition] ?? stored.disposition;
  return (stored?.carrier_status ?? carried?.status ?? "").replaceAll("-", " ");
}

function factsOf({ carried, stored }) {
  const began = stored?.started_at ?? carried?.started_at;
  const facts = began ? [new Date(began).toLocaleString([], { dateStyle: "medium", timeStyle: "short" })] : [];
  const duration = stored?.duration_s ?? carried?.duration_s;
  if (typeof duration === "number") facts.push(clock(duration));
  if (stored?.cost_micro_usd) facts.push(`$${(stored.cost_micro_usd / 1e6).toFixed(3)}`);
  return facts.join(" · ");
}
