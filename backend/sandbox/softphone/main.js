/** The softphone: joins the page's controls, the sound and the call. */

import { loudness } from "./audio/meter.js";
import { NoMicrophone } from "./audio/microphone.js";
import { Sound } from "./audio/sound.js";
import { Call } from "./call/call.js";
import { carriedCalls, ring, storedCalls } from "./call/carrier.js";
import { BEGINNING, clock, statusOf } from "./call/story.js";
import { transcriptOf } from "./call/transcript.js";
import { byId, element } from "./view/dom.js";
import { drawCalls } from "./view/history-view.js";
import { buildKeypad, enableKeypad } from "./view/keypad.js";
import { drawTranscript } from "./view/transcript-view.js";

const SUGGESTIONS = [
  "Hello, this is Anna Becker. I would like to make an appointment for Thursday.",
  "Please tell him that the parts have arrived. My number is 555 0100.",
  "It is his mother, it is urgent. Can you put me through?",
  "We have been trying to reach you about your car's extended warranty.",
  "That is all, thank you. Goodbye.",
];
const MICROPHONE_OFF = "Not needed: you can type what you say.";
const MICROPHONE_ON = "The microphone is on: watch the level when you speak.";

const flags = new URLSearchParams(location.search);
const sound = new Sound(
  {
    onCallerLevel: (rms) => showLevel("caller-level", rms),
    onAssistantLevel: (rms) => showLevel("assistant-level", rms),
  },
  flags.has("raw"),
);

let call = null;
let isRinging = false;

// --- the call --------------------------------------------------------------------------------------------------------

async function startCall() {
  if (isRinging || (call && !call.isOver)) return;
  isRinging = true;
  warn("");
  draw();
  try {
    await sound.open().catch((error) => warn(`There is no sound: ${error.message}. The call works without.`));
    const sid = await ring(dialled());
    call?.forget();
    call = new Call(sid, sound, onCallChanged);
  } catch (error) {
    warn(error.message);
  }
  isRinging = false;
  draw();
  if (call && !call.isOver) byId("line").focus({ preventScroll: true });
}

function dialled() {
  const chosen = byId("from").value;
  return {
    from: chosen === "other" ? byId("from-other").value.trim() : chosen,
    to: byId("to").value.trim(),
    attestation: byId("attestation").value,
    jitterMs: byId("jitter").valueAsNumber || 0,
    lossPct: byId("loss").valueAsNumber || 0,
  };
}

let wasOver = true;

function onCallChanged() {
  if (call.isOver && !wasOver) endCall();
  wasOver = call.isOver;
  draw();
}

function endCall() {
  sound.hangUp();
  for (const meter of ["caller-level", "assistant-level"]) showLevel(meter, 0);
  setTimeout(showHistory, 1000);
}

// --- the microphone --------------------------------------------------------------------------------------------------

async function toggleMicrophone() {
  const note = byId("microphone-note");
  const button = byId("microphone");
  note.classList.remove("alert");
  if (sound.isMicrophoneOn) {
    sound.stopMicrophone();
  } else {
    button.disabled = true;
    note.textContent = "Waiting for the browser to allow the microphone…";
    try {
      await sound.startMicrophone();
    } catch (error) {
      note.classList.add("alert");
      note.textContent = error instanceof NoMicrophone ? error.message : `The microphone cannot be used: ${error.message}`;
    }
    button.disabled = false;
  }
  draw();
}

// --- drawing ---------------------------------------------------------------------------------------------------------

function draw() {
  const story = isRinging ? { ...BEGINNING, phase: "ringing" } : (call?.story ?? BEGINNING);
  const isOn = isRinging || (call !== null && !call.isOver);
  const isTalking = isOn && story.phase === "talking";
  write("status", statusOf(story));
  byId("dial").hidden = isOn;
  byId("hang-up").hidden = !isOn;
  byId("hang-up").disabled = isRinging;
  enableKeypad(byId("keypad"), isTalking);
  for (const control of byId("say").elements) control.disabled = !isOn || isRinging;
  byId("stop-talking").disabled = !story.isCallerHeard;
  byId("suggestions").hidden = !isTalking;
  drawMicrophone();
  drawConversation();
}

function drawMicrophone() {
  const button = byId("microphone");
  const isOn = sound.isMicrophoneOn;
  if (button.getAttribute("aria-pressed") !== String(isOn)) button.setAttribute("aria-pressed", String(isOn));
  write("microphone", isOn ? "Switch the microphone off" : "Speak by microphone");
  const note = byId("microphone-note");
  if (!note.classList.contains("alert") && !button.disabled) write("microphone-note", isOn ? MICROPHONE_ON : MICROPHONE_OFF);
}

function drawConversation() {
  const entries = call ? transcriptOf(call.story, call.record) : [];
  drawTranscript(byId("transcript"), entries);
  const empty = byId("transcript-empty");
  empty.hidden = entries.length > 0;
  if (call?.recordTrouble) write(empty.id, `The application's record cannot be read: ${call.recordTrouble}`);
  else if (call) write(empty.id, call.isOver ? "Nothing was said." : "Nothing has been said yet.");
}

function write(id, text) {
  const target = byId(id);
  if (target.textContent !== text) target.textContent = text; // a live region is read out whenever it is written to
}

function warn(text) {
  byId("alert").hidden = !text;
  write("alert", text);
}

function showLevel(id, rms) {
  const meter = byId(id);
  const percent = Math.round(100 * loudness(rms));
  meter.style.setProperty("--level", `${percent}%`);
  meter.setAttribute("aria-valuenow", String(percent));
}

function showClock() {
  const isRunning = call && !call.isOver && call.answeredAtMs !== null;
  write("clock", isRunning ? clock((performance.now() - call.answeredAtMs) / 1000) : "");
}

// --- past calls ------------------------------------------------------------------------------------------------------

async function showHistory() {
  const list = byId("calls");
  list.setAttribute("aria-busy", "true");
  const [carried, stored] = await Promise.allSettled([carriedCalls(), storedCalls()]);
  const troubles = [carried, stored].filter(({ status }) => status === "rejected").map(({ reason }) => reason.message);
  byId("history-note").hidden = !troubles.length;
  write("history-note", [...new Set(troubles)].join(" "));
  drawCalls(list, joined(carried.value ?? [], stored.value ?? []));
}

/** Both lists as one, newest first; what the carrier has forgotten since it was started comes last. */
function joined(carried, stored) {
  const records = new Map(stored.map((record) => [record.carrier_call_id, record]));
  const remembered = carried.map((one) => ({ sid: one.call_sid, carried: one, stored: records.get(one.call_sid) ?? null }));
  const known = new Set(remembered.map(({ sid }) => sid));
  const older = stored.filter((record) => !known.has(record.carrier_call_id));
  return [...remembered, ...older.map((record) => ({ sid: record.carrier_call_id, carried: null, stored: record }))];
}

// --- controls --------------------------------------------------------------------------------------------------------

byId("dial").addEventListener("submit", (event) => {
  event.preventDefault();
  startCall();
});
byId("from").addEventListener("change", ({ target }) => {
  byId("from-other").hidden = target.value !== "other";
  byId("from-other").required = target.value === "other";
});
byId("hang-up").addEventListener("click", () => call?.hangUp());
byId("microphone").addEventListener("click", toggleMicrophone);
byId("stop-talking").addEventListener("click", () => call?.stopTalking());
byId("refresh").addEventListener("click", showHistory);
byId("say").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = byId("line").value.trim();
  if (!text || !call || call.isOver) return;
  call.say(text, byId("language").value);
  byId("line").value = "";
});
buildKeypad(byId("keypad"), (digit) => call?.press(digit));
for (const text of SUGGESTIONS) {
  const chip = element("button", { type: "button", className: "chip", onclick: () => call?.say(text, "en") }, text);
  byId("suggestions").append(chip);
}
window.addEventListener("pagehide", () => call?.hangUp());
setInterval(showClock, 250);
byId("keypad-fold").open = matchMedia("(min-width: 760px)").matches;
if (flags.has("probe")) import("./audio/probe.js").then(({ attachProbe }) => attachProbe(sound));
draw();
showHistory();
