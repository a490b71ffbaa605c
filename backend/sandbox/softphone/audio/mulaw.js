/**
 * G.711 mu-law (ITU-T G.711): one byte for each sample at 8 kHz. Samples are floats from -1 to 1.
 *
 * The encoder follows the 14-bit rule of the reference code (bias 33, eight segments), so that its bytes equal those of
 * every common implementation.
 */

export const SAMPLE_RATE = 8000;
export const FRAME_BYTES = 160;

/** The byte of a zero sample; its negative twin is 0x7f. */
export const SILENCE = 0xff;

const BIAS = 33;
const CLIP = 8191 - BIAS;
const FULL_SCALE = 32768;

/** The sample of every byte. */
export const EXPANDED = Float32Array.from({ length: 256 }, (_, byte) => {
  const value = ~byte & 0xff;
  const magnitude = ((((value & 0x0f) << 1) + BIAS) << ((value >> 4) & 0x07)) - BIAS;
  return ((value & 0x80 ? -magnitude : magnitude) << 2) / FULL_SCALE;
});

/** The byte of a sample; what is louder than full scale is clipped. */
export function compress(sample) {
  const linear = Math.round(sample * FULL_SCALE) >> 2;
  const mask = linear < 0 ? 0x7f : 0xff;
  const magnitude = Math.min(Math.abs(linear), CLIP) + BIAS;
  const segment = Math.max(26 - Math.clz32(magnitude), 0);
  return ((segment << 4) | ((magnitude >> (segment + 1)) & 0x0f)) ^ mask;
}

export function isSilent(frame) {
  return frame.every((byte) => (byte & 0x7f) === 0x7f);
}
