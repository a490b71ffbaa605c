/** The page's ear and mouth: one AudioContext, the line's two worklets, and the worker that joins them to a call. */

import { askForMicrophone } from "./microphone.js";

const here = (name) => new URL(name, import.meta.url);

export class Sound {
  #context = null;
  #playback = null;
  #microphone = null; // {stream, source, capture} while it is on
  #line = null;

  /**
   * @param {object} listeners
   * @param {(rms: number) => void} listeners.onCallerLevel
   * @param {(rms: number) => void} listeners.onAssistantLevel
   * @param {boolean} raw microphone without the browser's processing
   */
  constructor({ onCallerLevel, onAssistantLevel }, raw) {
    this.onCallerLevel = onCallerLevel;
    this.onAssistantLevel = onAssistantLevel;
    this.raw = raw;
  }

  get isMicrophoneOn() {
    return this.#microphone !== null;
  }

  /** Must be called from a click or a key: browsers let nothing sound before. Rejects when there is no way to play. */
  async open() {
    if (!this.#context) {
      if (!window.isSecureContext) throw new Error("browsers need https:// or http://localhost for it");
      // The rate is the device's own: another one is refused by Firefox and resampled badly by Chromium.
      const context = new AudioContext({ latencyHint: "interactive" });
      await context.audioWorklet.addModule(here("playback-worklet.js"));
      await context.audioWorklet.addModule(here("capture-worklet.js"));
      this.#context = context;
      this.#playback = new AudioWorkletNode(context, "playback", { numberOfInputs: 0, outputChannelCount: [1] });
      this.#playback.port.onmessage = ({ data }) => {
        this.playback = data;
        this.onAssistantLevel(data.rms);
      };
      this.#playback.connect(context.destination);
    }
    await this.#context.resume();
    return this.#context;
  }

  /** What the listener hears, for whoever wants to record it. */
  get output() {
    return this.#playback;
  }

  /**
   * Opens the handset of a call. Works without `open` having succeeded: the call is then silent.
   * @returns {Line}
   */
  answer(url, listeners) {
    this.#line = new Line(url, listeners);
    if (this.#playback) {
      const { port1, port2 } = new MessageChannel();
      this.#playback.port.postMessage(port1, [port1]);
      this.#line.post({ playback: port2 }, [port2]);
    }
    this.#connectMicrophone();
    return this.#line;
  }

  /** Rejects with NoMicrophone, or as `open` does. */
  async startMicrophone() {
    const stream = await askForMicrophone({ raw: this.raw });
    const context = await this.open().catch((error) => {
      release(stream);
      throw error;
    });
    const source = context.createMediaStreamSource(stream);
    const capture = new AudioWorkletNode(context, "capture", { numberOfOutputs: 0 });
    capture.port.onmessage = ({ data }) => this.onCallerLevel(data);
    source.connect(capture);
    this.#microphone = { stream, source, capture };
    this.#connectMicrophone();
  }

  /** Lets go of the microphone: the browser's recording light goes out. */
  stopMicrophone() {
    if (!this.#microphone) return;
    const { stream, source, capture } = this.#microphone;
    capture.port.postMessage(null);
    source.disconnect();
    release(stream);
    this.#microphone = null;
    this.onCallerLevel(0);
  }

  /** The call is over. */
  hangUp() {
    this.stopMicrophone();
    this.#line?.close();
    this.#line = null;
  }

  #connectMicrophone() {
    if (!this.#microphone || !this.#line) return;
    const { port1, port2 } = new MessageChannel();
    this.#microphone.capture.port.postMessage(port1, [port1]);
    this.#line.post({ microphone: port2 }, [port2]);
  }
}

function release(stream) {
  for (const track of stream.getTracks()) track.stop();
}

/** A call's WebSocket, in a worker of its own. */
class Line {
  #worker = new Worker(here("line-worker.js"), { type: "module" });

  constructor(url, { onEvent, onClosed }) {
    this.#worker.onmessage = ({ data }) => {
      if (data.event) onEvent(data.event);
      if ("closed" in data) onClosed(data.closed);
    };
    this.post({ open: url });
  }

  post(message, transfer = []) {
    this.#worker.postMessage(message, transfer);
  }

  say(order) {
    this.post({ say: order });
  }

  hold(isHeld) {
    this.post({ hold: isHeld });
  }

  close() {
    this.#worker.terminate();
  }
}
