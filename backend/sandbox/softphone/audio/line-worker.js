/**
 * Holds the WebSocket of a call, away from the page's thread: a busy page must not make the audio stutter.
 *
 * The page sends `{open: url}`, `{playback: port}`, `{microphone: port}`, `{hold: boolean}` and `{say: object}`; it
 * receives `{opened: true}`, `{event: object}` and, last, `{closed: code}`. Audio goes through the ports alone.
 */

let line = null;
let playback = null;
let isHeld = false; // while a typed line is spoken, the microphone would be queued behind it and stay late for good

self.onmessage = ({ data }) => {
  if (data.open) open(data.open);
  if (data.playback) playback = data.playback;
  if (data.microphone) data.microphone.onmessage = ({ data: frame }) => isHeld || transmit(frame);
  if ("hold" in data) isHeld = data.hold;
  if (data.say) transmit(JSON.stringify(data.say));
};

function open(url) {
  line = new WebSocket(url);
  line.binaryType = "arraybuffer";
  line.onopen = () => self.postMessage({ opened: true });
  line.onclose = ({ code }) => self.postMessage({ closed: code });
  line.onmessage = ({ data }) => {
    if (typeof data === "string") self.postMessage({ event: JSON.parse(data) });
    else playback?.postMessage(new Uint8Array(data), [data]);
  };
}

function transmit(data) {
  if (line?.readyState === WebSocket.OPEN) line.send(data);
}
