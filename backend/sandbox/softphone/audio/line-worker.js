/**
 * Holds the WebSocket of a call, away from the page's thread: a busy page must not make the audio stutter.
 *
 * The page sends `{open: url}`, `{playback: port}`, `{microphone: port}`, `{hold: boolean}` (whether the microphone
 * rests, as it does at first) and `{say: object}`; it receives `{event: object}` and, last, `{closed: code}`. Audio goes
 * through the ports alone.
 */

import { FRAME_BYTES, SILENCE } from "./mulaw.js";

// The carrier takes a frame every 20 ms and hears silence where none has come yet: a head start of three frames lets
// the microphone's arrive unevenly.
const HEAD_START = new Uint8Array(3 * FRAME_BYTES).fill(SILENCE);

let line = null;
let playback = null;
let isHeld = true; // what the carrier does not take at once would be queued, and the microphone late for good
let isAhead = false;

self.onmessage = ({ data }) => {
  if (data.open) open(data.open);
  if (data.playback) playback = data.playback;
  if (data.microphone) data.microphone.onmessage = ({ data: frame }) => speak(frame);
  if ("hold" in data) isHeld = data.hold;
  if (data.say) transmit(JSON.stringify(data.say));
};

function open(url) {
  line = new WebSocket(url);
  line.binaryType = "arraybuffer";
  line.onclose = ({ code }) => self.postMessage({ closed: code });
  line.onmessage = ({ data }) => {
    if (typeof data === "string") self.postMessage({ event: JSON.parse(data) });
    else playback?.postMessage(new Uint8Array(data), [data]);
  };
}

function speak(frame) {
  if (!isHeld && !isAhead) transmit(HEAD_START);
  isAhead = !isHeld;
  if (!isHeld) transmit(frame);
}

function transmit(data) {
  if (line?.readyState === WebSocket.OPEN) line.send(data);
}
