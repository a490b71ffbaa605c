/** From the microphone to the line: any rate and number of channels in, frames of 160 mu-law bytes out. */

import { Meter } from "./meter.js";
import { FRAME_BYTES, SAMPLE_RATE, compress } from "./mulaw.js";
import { Polyphase } from "./polyphase.js";

const REPORTS_PER_SECOND = 12;

class Capture extends AudioWorkletProcessor {
  #resampler = new Polyphase(sampleRate, SAMPLE_RATE);
  #meter = new Meter(SAMPLE_RATE / REPORTS_PER_SECOND, (rms) => this.port.postMessage(rms));
  #frame = new Uint8Array(FRAME_BYTES);
  #filled = 0;
  #line = null;

  constructor() {
    super();
    this.port.onmessage = ({ data }) => {
      this.#line = data; // the port to the worker that holds the line, or null
    };
  }

  process([channels]) {
    const [left, right] = channels;
    for (let i = 0; left && i < left.length; i++) {
      // A microphone may give two channels even where one was asked for.
      this.#resampler.push(right ? (left[i] + right[i]) / 2 : left[i], this.#take);
    }
    return true;
  }

  #take = (sample) => {
    this.#meter.add(sample);
    this.#frame[this.#filled++] = compress(sample);
    if (this.#filled < FRAME_BYTES) return;
    if (this.#line) {
      this.#line.postMessage(this.#frame, [this.#frame.buffer]);
      this.#frame = new Uint8Array(FRAME_BYTES);
    }
    this.#filled = 0;
  };
}

registerProcessor("capture", Capture);
