/** Keeps whatever flows in until it is asked for; see probe.js. */
class Tap extends AudioWorkletProcessor {
  #blocks = [];

  constructor() {
    super();
    this.port.onmessage = () => {
      this.port.postMessage({ rate: sampleRate, blocks: this.#blocks });
      this.#blocks = [];
    };
  }

  process([[channel]]) {
    if (channel) this.#blocks.push(channel.slice());
    return true;
  }
}

registerProcessor("tap", Tap);
