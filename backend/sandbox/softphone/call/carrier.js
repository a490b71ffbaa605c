/** What the page asks of the sandbox's carrier, and through it of the application's history. */

const PATIENCE_MS = 8000;

/** A refusal or a failure in the user's language. */
export class CarrierError extends Error {}

async function ask(path, options = {}) {
  let response;
  try {
    response = await fetch(path, { ...options, signal: AbortSignal.timeout(PATIENCE_MS) });
  } catch {
    throw new CarrierError("The sandbox does not answer. Is it still running?");
  }
  if (response.ok) return response.json();
  const problem = await response.json().catch(() => ({}));
  throw new CarrierError(problem.detail || problem.title || `The sandbox answered ${response.status}.`);
}

/**
 * Rings a number as a caller.
 * @param {{from: string, to: string, attestation: string, jitterMs: number, lossPct: number}} call
 * @returns {Promise<string>} the call's id
 */
export async function ring({ from, to, attestation, jitterMs, lossPct }) {
  const params = attestation ? { StirVerstat: attestation } : {};
  const body = { from, to, params, network: { jitter_ms: jitterMs, loss_pct: lossPct } };
  const headers = { "content-type": "application/json" };
  const { call_sid } = await ask("/sandbox/calls", { method: "POST", headers, body: JSON.stringify(body) });
  return call_sid;
}

export function lineUrl(sid) {
  const url = new URL(`/sandbox/calls/${encodeURIComponent(sid)}/line`, location.href);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  return url.href;
}

export function audioUrl(sid) {
  return `/sandbox/calls/${encodeURIComponent(sid)}/audio.wav`;
}

/** The calls that the carrier remembers, newest first: those of this sandbox since it was started. */
export async function carriedCalls() {
  const { calls } = await ask("/sandbox/calls");
  return calls;
}

/** One of them with its events. */
export function carriedCall(sid) {
  return ask(`/sandbox/calls/${encodeURIComponent(sid)}`);
}

/** The calls that the application has stored, newest first. */
export async function storedCalls() {
  const { calls } = await ask("/sandbox/app/api/calls?limit=30");
  return calls;
}

/** The application's record of one call with turns and tool calls; null while there is none. */
export async function storedCall(sid) {
  const { calls } = await ask(`/sandbox/app/api/calls?carrier_call_id=${encodeURIComponent(sid)}`);
  return calls.length ? ask(`/sandbox/app/api/calls/${encodeURIComponent(calls[0].id)}`) : null;
}
