/**
 * The jitter buffer between the line, whose frames arrive unevenly, and the audio clock, which never waits.
 *
 * The carrier paces its frames, so the buffer's length is the delay the listener has. It is filled to PREBUFFER before
 * anything sounds; where the line is silent it is brought back to that length, so that neither a stall nor two clocks
 * that differ a little add up over a call.
 */

import { EXPANDED, SAMPLE_RATE, isSilent } from "./mulaw.js";

const CAPACITY = 10 * SAMPLE_RATE;
const PREBUFFER = 0.06 * SAMPLE_RATE;
const SLACK = 0.04 * SAMPLE_RATE;
const DECAY = 0.9; // for each sample after the buffer ran empty: a step to zero would click
const INAUDIBLE = 1e-5;

export class Playout {
  #ring = new Float32Array(CAPACITY);
  #read = 0;
  #written = 0;
  #isPlaying = false;
  #waited = 0;
  #last = 0;
  underruns = 0;
  overruns = 0;

  /** Samples that wait to be heard. */
  get buffered() {
    return this.#written - this.#read;
  }

  /** Queues a frame of mu-law bytes. */
  push(frame) {
    let times = 1;
    if (this.#isPlaying && isSilent(frame)) {
      if (this.buffered > PREBUFFER + SLACK) times = 0;
      else if (this.buffered < PREBUFFER - SLACK) times = 2;
    }
    for (; times > 0; times--) this.#append(frame);
  }

  /** The next sample for the ear. */
  next() {
    if (!this.#isPlaying && !this.#mayStart()) return this.#fade();
    if (this.#read === this.#written) {
      this.#isPlaying = false;
      this.underruns++;
      return this.#fade();
    }
    return (this.#last = this.#ring[this.#read++ % CAPACITY]);
  }

  #fade() {
    this.#last = Math.abs(this.#last) < INAUDIBLE ? 0 : this.#last * DECAY;
    return this.#last;
  }

  #append(frame) {
    if (this.buffered + frame.length > CAPACITY) {
      this.overruns++;
      return;
    }
    for (const byte of frame) this.#ring[this.#written++ % CAPACITY] = EXPANDED[byte];
  }

  /** Enough has arrived, or what has arrived has waited as long as that would have taken: it was the end. */
  #mayStart() {
    const waiting = this.buffered;
    this.#waited = waiting > 0 ? this.#waited + 1 : 0;
    this.#isPlaying = waiting >= PREBUFFER || this.#waited > PREBUFFER;
    if (this.#isPlaying) this.#waited = 0;
    return this.#isPlaying;
  }
}
