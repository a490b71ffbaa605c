/** Asking for the microphone, and saying in words why there is none. */

/** A failure in the user's language; `message` is complete and says what to do. */
export class NoMicrophone extends Error {}

/**
 * @param {{raw: boolean}} options `raw` switches the browser's own processing off: it improves a voice but changes the
 *   samples, so that what arrives can no longer be compared with what was said
 * @returns {Promise<MediaStream>}
 */
export async function askForMicrophone({ raw }) {
  if (!navigator.mediaDevices?.getUserMedia) throw new NoMicrophone(explain({ name: "InsecureContext" }));
  const processing = { echoCancellation: !raw, noiseSuppression: !raw, autoGainControl: !raw };
  try {
    return await navigator.mediaDevices.getUserMedia({ audio: { channelCount: 1, ...processing } });
  } catch (error) {
    throw new NoMicrophone(explain(error));
  }
}

const REASONS = {
  InsecureContext: "This page has no access to microphones: browsers give it to https:// and http://localhost only.",
  NotAllowedError: "The microphone is blocked. Allow it for this page in the browser's address bar, then try again.",
  SecurityError: "The browser's settings forbid microphones on this page.",
  NotFoundError: "No microphone was found. Plug one in, then try again.",
  NotReadableError: "The microphone is in use by another program, or the system keeps it from the browser.",
  OverconstrainedError: "This microphone cannot record the way a telephone needs it. Choose another one.",
  AbortError: "The microphone stopped for a reason that the browser does not tell. Try again.",
};

/** @param {{name: string}} error as getUserMedia throws it */
export function explain({ name }) {
  return `${REASONS[name] ?? `The microphone cannot be used (${name}).`} You can type what you want to say.`;
}
