/** One call from the caller's side: the line to the carrier, and what the application writes down meanwhile. */

import { lineUrl, storedCall } from "./carrier.js";
import { BEGINNING, tell } from "./story.js";

const POLL_MS = 700;
const POLLS_AFTER_END = 15; // the record is complete once the carrier's last callback has been worked off
const HANG_UP_PATIENCE_MS = 3000;

export class Call {
  #line;
  #onChange;
  #lines = 0;
  #unfinished = new Set();
  #pollsLeft = POLLS_AFTER_END;
  #timer = null;

  story = { ...BEGINNING, phase: "ringing" };
  record = null;
  recordTrouble = null;
  answeredAtMs = null; // by the page's clock

  /**
   * @param {string} sid a call that the carrier has begun to ring
   * @param {import("../audio/sound.js").Sound} sound
   * @param {() => void} onChange called after every change of story or record
   */
  constructor(sid, sound, onChange) {
    this.sid = sid;
    this.#onChange = onChange;
    this.#line = sound.answer(lineUrl(sid), {
      onEvent: (event) => this.#take(event),
      onClosed: () => this.#take({ event: "ended", status: "lost" }),
    });
    this.#poll();
  }

  get isOver() {
    return this.story.phase === "ended";
  }

  /** Speaks a line with the sandbox's voice, after those said before. */
  say(text, language) {
    const id = `line-${++this.#lines}`;
    this.#unfinished.add(id);
    this.#holdMicrophone();
    this.#line.say({ do: "say", id, text, language });
  }

  /** Falls silent in mid-sentence. */
  stopTalking() {
    this.#line.say({ do: "stop_talking" });
    this.#unfinished.clear();
    this.#holdMicrophone();
  }

  press(digits) {
    this.#line.say({ do: "press", digits });
  }

  hangUp() {
    this.#line.say({ do: "hang_up" });
    setTimeout(() => this.#take({ event: "ended", status: "lost" }), HANG_UP_PATIENCE_MS);
  }

  #take(event) {
    if (this.isOver) return;
    this.story = tell(this.story, event);
    if (event.event === "answered") this.answeredAtMs = performance.now();
    if (event.event === "caller_finished") this.#unfinished.delete(event.id);
    this.#holdMicrophone();
    this.#onChange();
  }

  /** The microphone rests until the call is answered, and while a typed line is being spoken. */
  #holdMicrophone() {
    this.#line.hold(this.answeredAtMs === null || this.#unfinished.size > 0);
  }

  async #poll() {
    try {
      this.record = await storedCall(this.sid);
      this.recordTrouble = null;
    } catch (error) {
      this.recordTrouble = error.message;
    }
    const isComplete = this.isOver && (this.record?.ended_at || --this.#pollsLeft <= 0);
    this.#timer = isComplete ? null : setTimeout(() => this.#poll(), POLL_MS);
    this.#onChange();
  }

  /** Stops asking for the record. */
  forget() {
    clearTimeout(this.#timer);
    this.#pollsLeft = 0;
  }
}
