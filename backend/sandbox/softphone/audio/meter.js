/** Measures loudness on the audio thread and reports it a few times a second. */
export class Meter {
  #sum = 0;
  #count = 0;

  /** @param {number} window samples between two reports @param {(rms: number) => void} report */
  constructor(window, report) {
    this.window = window;
    this.report = report;
  }

  add(sample) {
    this.#sum += sample * sample;
    if (++this.#count < this.window) return;
    this.report(Math.sqrt(this.#sum / this.#count));
    this.#sum = this.#count = 0;
  }
}

const QUIETEST_DB = -54;

/** Loudness as the ear takes it: 0 for a quiet line, 1 for full scale. */
export function loudness(rms) {
  return rms > 0 ? Math.min(1, Math.max(0, 1 - (20 * Math.log10(rms)) / QUIETEST_DB)) : 0;
}
