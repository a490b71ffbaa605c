/** From the line to the ear: frames of mu-law bytes in, the audio clock's own rate out. */

import { Meter } from "./meter.js";
import { SAMPLE_RATE } from "./mulaw.js";
import { Playout } from "./playout.js";
import { Polyphase } from "./polyphase.js";

const REPORTS_PER_SECOND = 12;

class Playback extends AudioWorkletProcessor {
  #playout = new Playout();
  #resampler = new Polyphase(SAMPLE_RATE, sampleRate);
  #meter = new Meter(Math.round(sampleRate / REPORTS_PER_SECOND), (rms) => this.#report(rms));
  #next = () => this.#playout.next();

  constructor() {
    super();
    this.port.onmessage = ({ data: line }) => {
      line.onmessage = ({ data }) => this.#playout.push(data);
    };
  }

  process(_, [channels]) {
    const [first] = channels;
    for (let i = 0; i < first.length; i++) {
      first[i] = this.#resampler.pull(this.#next);
      this.#meter.add(first[i]);
    }
    for (let c = 1; c < channels.length; c++) channels[c].set(first);
    return true;
  }

  #report(rms) {
    const { underruns, overruns, buffered } = this.#playout;
    this.port.postMessage({ rms, underruns, overruns, buffered });
  }
}

registerProcessor("playback", Playback);
