/**
 * What is going on in a call, from the carrier's events alone: a pure machine, `tell(story, event)`.
 *
 * Instants (`at`) are seconds since the ring, as the carrier gives them.
 */

export const BEGINNING = Object.freeze({
  phase: "idle", // idle, ringing, talking, ended
  answeredAt: null,
  streamAt: null,
  isAssistantHeard: false,
  isCallerHeard: false,
  isRecording: false,
  verb: null,
  dial: null,
  lines: [], // what the caller said by typing: {id, text, at, isSpoken}
  said: [], // what the carrier itself said to the caller (<Say>): {text, at}
  digits: [], // {digit, at}
  ended: null, // {status, durationS, by}
});

const TELLERS = {
  ringing: () => ({ phase: "ringing" }),
  answered: (_, { at }) => ({ phase: "talking", answeredAt: at }),
  verb: (_, { verb }) => ({ verb, isRecording: verb === "Record" }),
  stream_started: ({ streamAt }, { at }) => ({ phase: "talking", streamAt: streamAt ?? at }),
  stream_stopped: () => ({ isAssistantHeard: false }),
  caller_started: (story, event) => ({ isCallerHeard: true, lines: withLine(story.lines, event) }),
  caller_finished: (story, { id }) => ({
    isCallerHeard: false,
    lines: story.lines.map((line) => (line.id === id ? { ...line, isSpoken: true } : line)),
  }),
  playing: () => ({ isAssistantHeard: true }),
  quiet: () => ({ isAssistantHeard: false }),
  said: ({ said }, { text, at }) => ({ said: [...said, { text, at }] }),
  dtmf: ({ digits }, { digit, at }) => ({ digits: [...digits, { digit, at }] }),
  dial: (_, { to, status, bridged }) => ({ dial: { to, status, isBridged: Boolean(bridged) } }),
  ended: (_, { status, duration_s, by }) => ({
    phase: "ended",
    isAssistantHeard: false,
    isCallerHeard: false,
    ended: { status, durationS: duration_s, by },
  }),
};

/** @returns the story after the event; events it has no use for leave it as it is */
export function tell(story, event) {
  const teller = TELLERS[event.event];
  return teller ? { ...story, ...teller(story, event) } : story;
}

/** The whole story of a call that is over. */
export function retell(events) {
  return events.reduce(tell, BEGINNING);
}

function withLine(lines, { id, text, at }) {
  if (!text || lines.some((line) => line.id === id)) return lines;
  return [...lines, { id, text, at, isSpoken: false }];
}

/** The line that tells the user where the call stands. */
export function statusOf(story) {
  if (story.phase === "idle") return "Ready. Ring the assistant.";
  if (story.phase === "ringing") return "Ringing…";
  if (story.phase === "ended") return endingOf(story.ended);
  if (story.dial && story.verb === "Dial") return dialOf(story.dial);
  if (story.isRecording) return "Leave your message. Press # when you are done.";
  if (story.isCallerHeard && story.isAssistantHeard) return "You are speaking over the assistant.";
  if (story.isCallerHeard) return "You are speaking.";
  if (story.isAssistantHeard) return "The assistant is speaking.";
  return story.streamAt === null ? "Answered." : "The assistant listens.";
}

const ENDINGS = {
  busy: "The number was busy.",
  failed: "The call failed.",
  "no-answer": "Nobody answered.",
  canceled: "The call was cancelled.",
  lost: "The line to the sandbox broke.",
};

const ENDED_BY = { caller: "You hung up", app: "The assistant hung up", carrier: "The carrier ended the call" };

function endingOf({ status, durationS, by }) {
  return ENDINGS[status] ?? `${ENDED_BY[by] ?? "The call ended"} after ${clock(durationS)}.`;
}

function dialOf({ to, status, isBridged }) {
  return isBridged ? `You are connected with ${to}.` : `Calling ${to}: ${String(status).replaceAll("-", " ")}.`;
}

/** Seconds as m:ss. */
export function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds ?? 0));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}
