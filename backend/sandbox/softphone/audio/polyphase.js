/**
 * Changes the sampling rate of a stream, sample by sample, by a windowed-sinc filter without audible aliases.
 *
 * For the ratio up / down of the rates (8000 / 44100 = 80 / 441) it keeps `up` short filters and evaluates one of them
 * for each output sample. Nothing is allocated after construction: it runs on the audio thread.
 */

const LOBES = 24; // of the sinc, on each side: more make the edge of the passband steeper
const ROLLOFF = 0.94; // middle of the transition band, as a share of the lower Nyquist frequency
const BETA = 8; // of the Kaiser window: about 80 dB of attenuation

export class Polyphase {
  #up;
  #down;
  #filters;
  #taps;
  #recent; // the last inputs, newest first, written twice so that every window is contiguous
  #newest = 0;
  #phase = 0;

  constructor(fromHz, toHz) {
    const divisor = greatestCommonDivisor(fromHz, toHz);
    this.#up = toHz / divisor;
    this.#down = fromHz / divisor;
    const cutoff = Math.min(1, toHz / fromHz) * ROLLOFF;
    this.#taps = 2 * Math.ceil(LOBES / cutoff);
    this.#filters = Array.from({ length: this.#up }, (_, phase) => filter(phase / this.#up, cutoff, this.#taps));
    this.#recent = new Float32Array(2 * this.#taps);
  }

  /** Takes one input sample and calls `give` with every output sample that lies before the next input. */
  push(sample, give) {
    this.#insert(sample);
    for (; this.#phase < this.#up; this.#phase += this.#down) give(this.#evaluate());
    this.#phase -= this.#up;
  }

  /** Returns one output sample and calls `take` for every input sample that it needs. */
  pull(take) {
    for (; this.#phase >= this.#up; this.#phase -= this.#up) this.#insert(take());
    const sample = this.#evaluate();
    this.#phase += this.#down;
    return sample;
  }

  #insert(sample) {
    this.#newest = (this.#newest || this.#taps) - 1;
    this.#recent[this.#newest] = sample;
    this.#recent[this.#newest + this.#taps] = sample;
  }

  #evaluate() {
    const weights = this.#filters[this.#phase];
    let sum = 0;
    for (let tap = 0, at = this.#newest; tap < weights.length; tap++, at++) sum += weights[tap] * this.#recent[at];
    return sum;
  }
}

/** The weights of the recent inputs, newest first, for an output `offset` of an input sample after the window's centre. */
function filter(offset, cutoff, taps) {
  const reach = taps / 2;
  const weights = Float64Array.from({ length: taps }, (_, tap) => {
    const distance = tap - reach + offset;
    return sinc(cutoff * distance) * kaiser(distance / reach);
  });
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return Float32Array.from(weights, (weight) => weight / sum); // no gain at 0 Hz, whatever the phase
}

function sinc(x) {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
}

function kaiser(x) {
  return x * x >= 1 ? 0 : bessel(BETA * Math.sqrt(1 - x * x)) / bessel(BETA);
}

/** The modified Bessel function of the first kind, order 0, by its power series. */
function bessel(x) {
  let sum = 1;
  for (let term = 1, k = 1; term > sum * 1e-12; k++) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}

function greatestCommonDivisor(a, b) {
  return b ? greatestCommonDivisor(b, a % b) : a;
}
