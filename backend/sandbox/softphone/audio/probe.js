/** With `?probe` in the address: records what the ear hears, so that a test can compare it with what was sent. */

/** Adds `window.probe`, whose `record()` begins and whose `take()` returns the samples and their rate. */
export function attachProbe(sound) {
  let tap = null;
  window.probe = {
    statistics: () => sound.playback,

    async record() {
      const context = await sound.open();
      await context.audioWorklet.addModule(new URL("tap-worklet.js", import.meta.url));
      tap = new AudioWorkletNode(context, "tap", { numberOfOutputs: 0 });
      sound.output.connect(tap);
    },

    /** @returns {Promise<{rate: number, samples: string}>} base64 of 32-bit floats */
    take() {
      return new Promise((resolve) => {
        tap.port.onmessage = ({ data: { rate, blocks } }) => resolve({ rate, samples: base64(blocks) });
        tap.port.postMessage("take");
      });
    },
  };
}

function base64(blocks) {
  let bytes = "";
  for (const block of blocks) bytes += String.fromCharCode(...new Uint8Array(block.buffer));
  return btoa(bytes);
}
